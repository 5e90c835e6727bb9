/** SuperLinks on one PostgreSQL behind a load balancer, with SuperNodes of ours and of the real Flower. */
import { CuttingProxy } from "../../../link/store/postgres/testing/cutting_proxy.ts";
import { type Credentials, makeCredentials } from "../../support/credentials.ts";
import { eventually } from "../../support/deadline.ts";
import { type Flower, startFlowerSuperNode } from "../../support/flower.ts";
import { joined, startFlwr, startSuperNode } from "../../support/flwr.ts";
import { startHaproxy } from "../../support/haproxy.ts";
import { startPeerSuperNode } from "../../support/peer.ts";
import { freePorts } from "../../support/ports.ts";
import { OwnPostgres } from "../../support/own_postgres.ts";
import type { Process } from "../../support/process.ts";
import type { FlowerVersion } from "../../support/python.ts";
import type { Stage } from "../../support/stage.ts";

/** The APIs that the balancer serves. */
const APIS = ["driver", "fleet", "control", "http"] as const;
type Api = typeof APIS[number];
type ApiAddresses = Readonly<Record<Api, string>>;
/** Where the logs of SuperLinks that were killed are kept, for a person who looks for the cause of a failure. */
const LOG_FOLDER = Deno.env.get("FLWR_CHAOS_LOGS");
/** Seconds within which a node must have joined on a busy machine. */
const JOIN_SECONDS = 120;

/** Time around a crash of the database in which a SuperLink may report a reply that is then lost, and sent again. */
const LOST_MILLISECONDS = 2000;

/** A node's program, and the API that it calls. */
export type NodeKind = "ours-http" | "ours-grpc" | FlowerVersion;

/** A node that has joined. */
export interface FederationNode {
  readonly kind: NodeKind;
  /** In decimal digits. */
  readonly nodeId: string;
  readonly process: Process;
}

/** What a federation consists of. */
export interface FederationOptions {
  readonly stage: Stage;
  readonly superlinks: number;
  readonly nodes: readonly NodeKind[];
  /** Gives an installed Flower, for nodes of Python. */
  readonly flowerOf?: (version: FlowerVersion) => Promise<Flower>;
  /**
   * What runs the ServerApps of submitted runs (default: the SuperLinks). A SuperExec of its own lives on when a
   * SuperLink is killed, so a round may take longer than a SuperLink lives.
   */
  readonly serverApps?: "superlinks" | "superexec";
}

/** One of the SuperLinks, which is started again where it was. */
export class Replica {
  readonly #start: () => Process;
  readonly #onEnd: (process: Process) => Promise<void>;
  #process: Process;

  /** @param proxy its way to the database */
  constructor(
    start: () => Process,
    readonly proxy: CuttingProxy,
    onEnd: (process: Process) => Promise<void>,
  ) {
    this.#start = start;
    this.#onEnd = onEnd;
    this.#process = start();
  }

  get process(): Process {
    return this.#process;
  }

  /** Kills the process, and starts another one at once. */
  async kill(): Promise<void> {
    const killed = this.#process;
    await killed.end("SIGKILL");
    this.#process = this.#start();
    await this.#onEnd(killed);
  }
}

/** The parts of a federation. All end with its scope. */
export class Federation implements AsyncDisposable {
  readonly replicas: readonly Replica[];
  readonly nodes: FederationNode[] = [];
  readonly #stage: Stage;
  /** When replies to an instruction were accepted, in Unix milliseconds, by its id. */
  readonly #answers = new Map<string, number[]>();

  private constructor(
    readonly stage: Stage,
    readonly credentials: Credentials,
    readonly postgres: OwnPostgres,
    /** Of the balancer. */
    readonly addresses: ApiAddresses,
    replicas: (onEnd: (process: Process) => Promise<void>) => readonly Replica[],
  ) {
    this.#stage = stage;
    this.replicas = replicas((process) => this.#readLog(process));
  }

  /** Starts everything, and waits until all nodes have joined. */
  static async start(options: FederationOptions): Promise<Federation> {
    const { stage, superlinks, nodes, serverApps = "superlinks" } = options;
    const secret = serverApps === "superexec" ? await superExecSecret(stage) : undefined;
    const credentials = await makeCredentials(stage.folder.path, nodes.length);
    const postgres = await OwnPostgres.start();
    const places = Array.from({ length: superlinks }, () => freeAddresses());
    const front = freeAddresses();
    const certificate = stage.path("balancer.pem");
    const files = [credentials.serverCertificate, credentials.serverKey];
    const texts = await Promise.all(files.map((file) => Deno.readTextFile(file)));
    await Deno.writeTextFile(certificate, texts.join("\n"), { mode: 0o600 });
    await startHaproxy(
      stage,
      APIS.map((api) => ({
        name: api,
        address: front[api],
        ...(api === "http" && { certificate }),
        servers: places.map((place) => ({
          address: place[api],
          healthPort: Number(portOf(place.http)),
        })),
      })),
    );
    const federation = new Federation(
      stage,
      credentials,
      postgres,
      front,
      (onEnd) =>
        places.map((place) => {
          const proxy = CuttingProxy.to(postgres.target);
          const start = () => startReplica(stage, credentials, place, proxy, secret);
          return new Replica(start, proxy, onEnd);
        }),
    );
    for (const { process } of federation.replicas) await process.waitForEvent("superlink-ready");
    if (secret !== undefined) startSuperExec(stage, credentials, front, secret);
    await federation.#startNodes(options);
    return federation;
  }

  /**
   * Instructions of which more than one reply was accepted, except for those whose first reply was lost with a crash of
   * the database before it was on the disk. Ends the SuperLinks.
   *
   * @param crashes when the database crashed, in Unix milliseconds
   */
  async answeredTwice(crashes: readonly number[]): Promise<string[]> {
    for (const { process } of this.replicas) {
      await process.end("SIGKILL");
      await this.#readLog(process);
    }
    const isLost = (time: number) =>
      crashes.some((crash) => time > crash - LOST_MILLISECONDS && time < crash + LOST_MILLISECONDS);
    return [...this.#answers]
      .filter(([, times]) => times.filter((time) => !isLost(time)).length > 1)
      .map(([id]) => id);
  }

  /** Number of instructions that were answered, as far as the logs of killed SuperLinks say. */
  get answered(): number {
    return this.#answers.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process, proxy } of this.replicas) {
      await process[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    }
    await this.postgres[Symbol.asyncDispose]();
  }

  async #readLog(process: Process): Promise<void> {
    if (LOG_FOLDER !== undefined) {
      const file = `${LOG_FOLDER}/superlink-${process.pid}.log`;
      await Deno.writeTextFile(file, process.lines.join("\n"));
    }
    for (const { event, time, fields } of process.records) {
      if (event !== "instruction-answered") continue;
      const id = String(fields["messageId"]);
      this.#answers.set(id, [...this.#answers.get(id) ?? [], Date.parse(time)]);
    }
    await this.#stage.forget(process);
  }

  async #startNodes({ nodes, flowerOf }: FederationOptions): Promise<void> {
    const starting: Promise<FederationNode>[] = [];
    for (const [index, kind] of nodes.entries()) {
      const process = await this.#startNode(index, kind, flowerOf);
      // Not all at once, because their starts are most of the work. Python's early nodes do not say their ids.
      const nodeId = kind === "1.9.0" ? this.#joinedNode() : idOf(kind, process);
      const node = nodeId.then((nodeId) => ({ kind, nodeId, process }));
      starting.push(node);
      if (kind === "1.9.0" || index % 2 === 1) await node;
    }
    this.nodes.push(...await Promise.all(starting));
  }

  async #startNode(
    index: number,
    kind: NodeKind,
    flowerOf: FederationOptions["flowerOf"],
  ): Promise<Process> {
    const { credentials, addresses } = this;
    const stage = this.#stage;
    const [node, partition] = [index + 1, index];
    if (kind === "ours-http" || kind === "ours-grpc") {
      const fleet = kind === "ours-http" ? addresses.http : addresses.fleet;
      return startSuperNode({ stage, credentials, fleet, node, partition });
    }
    const flower = await flowerOf!(kind);
    if (kind === "1.9.0") {
      const { python } = flower;
      return startPeerSuperNode({
        ...{ stage, python, credentials, fleet: addresses.fleet, node, partition },
      });
    }
    const options = { stage, flower, credentials, security: "auth" } as const;
    return startFlowerSuperNode({ ...options, superlink: addresses, node, partition });
  }

  /** The id of the node that has joined since the last call, at whichever SuperLink. */
  async #joinedNode(): Promise<string> {
    const count = () => this.#joins().length;
    const before = count();
    await eventually(() => count() > before, JOIN_SECONDS, "a node to join");
    return this.#joins().at(-1)!;
  }

  #joins(): string[] {
    return this.replicas.flatMap(({ process }) =>
      process.records.filter(({ event }) => event === "node-joined")
    ).sort((a, b) => a.time < b.time ? -1 : 1).map(({ fields }) => String(fields["nodeId"]));
  }
}

async function idOf(kind: NodeKind, process: Process): Promise<string> {
  if (kind === "ours-http" || kind === "ours-grpc") return await joined(process);
  return (await process.waitForLine(/SuperNode ID: (\d+)/, JOIN_SECONDS))[1]!;
}

function startReplica(
  stage: Stage,
  credentials: Credentials,
  place: ApiAddresses,
  proxy: CuttingProxy,
  superExecSecret: string | undefined,
): Process {
  return startFlwr(stage, "superlink", [
    "superlink",
    ...["--driver-api-address", place.driver, "--fleet-api-address", place.fleet],
    ...["--control-api-address", place.control, "--port", portOf(place.http)],
    ...["--database", `postgres://flwr@127.0.0.1:${proxy.port}/postgres`],
    ...credentials.superlinkFlags(),
    ...(superExecSecret === undefined
      ? []
      : ["--isolation", "process", "--superexec-auth-secret-file", superExecSecret]),
  ]);
}

/** Writes the secret of a SuperExec. @returns its file */
async function superExecSecret(stage: Stage): Promise<string> {
  const file = stage.path("superexec-secret");
  await Deno.writeTextFile(file, crypto.randomUUID());
  return file;
}

/** Runs the ServerApps of all SuperLinks, through the balancer. */
function startSuperExec(
  stage: Stage,
  credentials: Credentials,
  { http }: ApiAddresses,
  secret: string,
): void {
  startFlwr(stage, "superexec", [
    ...["superexec", "--runtime-api-address", http, "--superexec-auth-secret-file", secret],
    ...["--root-certificates", credentials.caCertificate, "--concurrent-runs", "8"],
  ]);
}

function freeAddresses(): ApiAddresses {
  const ports = freePorts(APIS.length);
  return Object.fromEntries(
    APIS.map((api, index) => [api, `127.0.0.1:${ports[index]}`]),
  ) as ApiAddresses;
}

function portOf(address: string): string {
  return address.split(":")[1]!;
}
