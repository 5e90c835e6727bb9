import { buildFab } from "../../../fab/build/build.ts";
import { PrivateKey } from "../../../auth/private_key.ts";
import { systemClock } from "../../../base/clock.ts";
import { Message } from "../../../app/message.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import type { Channel, ChannelOptions } from "../../../rpc/channel.ts";
import { openChannel } from "../../../rpc/grpc/channel.ts";
import { acquireTask } from "../../../rpc/dialects/current/client/acquire_task.ts";
import { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { FleetClient } from "../../../rpc/dialects/current/client/fleet_client.ts";
import { NodeCredentials } from "../../../rpc/dialects/current/client/node_credentials.ts";
import { RuntimeClient } from "../../../rpc/dialects/current/client/runtime_client.ts";
import { RuntimeConnection } from "../../../rpc/dialects/current/client/runtime_connection.ts";
import { openHttpChannel } from "../../../rpc/http/channel.ts";
import { testCertificates } from "../../../rpc/testing/certificates.ts";
import type { SimulationSettings } from "../../../entities/simulation.ts";
import type { Transport } from "../../../rpc/call.ts";
import { readSuperLinkConfig } from "../../../roles/superlink/config.ts";
import { DEFAULT_FLAGS, OFF, type SuperLinkFlags } from "../../../roles/superlink/flags.ts";
import { type RunningSuperLink, startSuperLink } from "../../../roles/superlink/start.ts";
import { type AppSource, makeApp } from "../../support/make_app.ts";
import { TempDir } from "../../support/tempdir.ts";

/** Heartbeat interval of test nodes in seconds; longer than any test. */
export const HEARTBEAT_SECONDS = 1800;

/** A registered node that has joined. */
export interface Member {
  readonly key: PrivateKey;
  readonly nodeId: bigint;
  readonly client: FleetClient;
}

/** A run whose ServerApp is the test, with the task's token. */
export interface StartedTask {
  readonly runId: bigint;
  readonly token: string;
  readonly client: RuntimeClient;
  readonly connection: RuntimeConnection;
}

/**
 * A complete SuperLink for the current wire, with TLS and `--enable-supernode-auth`. It listens on free loopback ports
 * and gives its tasks to any caller on this machine.
 */
export class CurrentSuperLink implements AsyncDisposable {
  readonly #superLink: RunningSuperLink;
  readonly #cleanup: AsyncDisposableStack;
  readonly #fab: { readonly content: Uint8Array; readonly hash: string };
  /** Certificate of its authority, in PEM. */
  readonly authority: string;

  private constructor(
    superLink: RunningSuperLink,
    cleanup: AsyncDisposableStack,
    fab: { readonly content: Uint8Array; readonly hash: string },
    authority: string,
  ) {
    this.#superLink = superLink;
    this.#cleanup = cleanup;
    this.#fab = fab;
    this.authority = authority;
  }

  /** @param app what the submitted app is made of (default: an app that does nothing) */
  static async start(
    flags: Partial<SuperLinkFlags> = {},
    app: Omit<AppSource, "name"> = {},
  ): Promise<CurrentSuperLink> {
    await using cleanup = new AsyncDisposableStack();
    const folder = cleanup.use(await TempDir.make());
    const { ca, cert, key } = await testCertificates();
    const file = async (name: string, text: string) => {
      await Deno.writeTextFile(`${folder.path}/${name}`, text);
      return `${folder.path}/${name}`;
    };
    const config = await readSuperLinkConfig({
      ...DEFAULT_FLAGS,
      sslCaCertfile: await file("ca.pem", ca),
      sslCertfile: await file("server.pem", cert),
      sslKeyfile: await file("server.key", key),
      enableSupernodeAuth: true,
      database: ":memory:",
      port: "0",
      fleetApiAddress: "127.0.0.1:0",
      controlApiAddress: "127.0.0.1:0",
      driverApiAddress: OFF,
      isolation: "process",
      ...flags,
    });
    const fab = await buildFab(await makeApp(`${folder.path}/app`, { ...app, name: "small" }));
    const superLink = cleanup.use(await startSuperLink(config));
    return new CurrentSuperLink(superLink, cleanup.move(), fab, ca);
  }

  /** "host:port" of the Fleet API. */
  fleet(transport: Transport): string {
    const { http, fleet } = this.#superLink.listeners;
    return (transport === "http" ? http : fleet)!;
  }

  /** "host:port" of the Control API. */
  control(transport: Transport): string {
    const { http, control } = this.#superLink.listeners;
    return (transport === "http" ? http : control)!;
  }

  /** Opens a connection that is closed with the SuperLink. */
  open(transport: Transport, address: string): Channel {
    const options: ChannelOptions = {
      address,
      tls: { rootCertificates: this.authority },
      retry: { maxRetries: 0 },
    };
    const channel = transport === "http" ? openHttpChannel(options) : openChannel(options);
    this.#cleanup.defer(() => channel.close());
    return channel;
  }

  /** Opens a connection that sends a bearer token with each call. */
  withToken(token: string): Channel {
    const channel = this.open("http", this.control("http"));
    const metadata = () => Promise.resolve({ authorization: `Bearer ${token}` });
    return {
      address: channel.address,
      call: (method, request, options) => channel.call(method, request, { ...options, metadata }),
      stream: (method, request, options) =>
        channel.stream(method, request, { ...options, metadata }),
      close: () => channel.close(),
    };
  }

  /** Connection of the `flwr` command. */
  controlClient(): ControlClient {
    return new ControlClient(this.open("http", this.control("http")));
  }

  /** Registers a key like the operator. @returns the node's id */
  async register({ publicKey }: PrivateKey): Promise<bigint> {
    const nodeId = await this.controlClient().registerNode({ publicKeyPem: publicKey.pem });
    return nodeId!;
  }

  /** Connection of a node, whether or not its key is registered. */
  client(key: PrivateKey, transport: Transport = "http"): FleetClient {
    const channel = this.open(transport, this.fleet(transport));
    const credentials = new NodeCredentials(key, systemClock);
    return new FleetClient({ channel, heartbeats: channel, credentials });
  }

  /** Registers and joins a node. */
  async member(transport: Transport = "http"): Promise<Member> {
    const key = await PrivateKey.generate("P-384");
    await this.register(key);
    const client = this.client(key, transport);
    return { key, client, nodeId: await client.activate(HEARTBEAT_SECONDS) };
  }

  /** Submits an app and begins its task. The run is running. */
  async task(): Promise<StartedTask> {
    await this.submit();
    const { runId, token } = (await this.acquire())!;
    const client = new RuntimeClient(this.open("http", this.control("http")), token);
    await client.begin();
    return { runId, token, client, connection: new RuntimeConnection(client, runId) };
  }

  /** Submits an app. @returns the run's id */
  async submit(simulation?: SimulationSettings): Promise<bigint> {
    const run = await this.controlClient().startRun({
      fab: this.#fab,
      overrideConfig: new ConfigRecord(),
      ...(simulation && { simulation }),
    });
    return run.runId;
  }

  /** Claims a pending task. */
  acquire(): ReturnType<typeof acquireTask> {
    return acquireTask(this.open("http", this.control("http")), ["flwr-serverapp"]);
  }

  /** Hash of the app that `task` submits. */
  get fabHash(): string {
    return this.#fab.hash;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup[Symbol.asyncDispose]();
  }
}

/** Pushes an instruction of a run to a node. @returns the instruction's id */
export async function instruct(
  { connection, runId }: StartedTask,
  nodeId: bigint,
): Promise<string> {
  const message = Message.create({
    content: { config: new ConfigRecord({ round: 1n }) },
    dstNodeId: nodeId,
    messageType: "train",
    clock: systemClock,
  });
  const [id] = await connection.push(runId, [message]);
  return id!;
}
