import { BadLine, type LineEnd } from "./bad_line.ts";
import { type Credentials, makeCredentials } from "./credentials.ts";
import { eventually } from "./deadline.ts";
import { APPS, EVENTS } from "./flwr.ts";
import type { Process } from "./process.ts";
import { repositoryPath } from "./repository.ts";
import type { Stage } from "./stage.ts";

/** The transports of today's wire. */
export const TRANSPORTS = ["HTTP", "gRPC"] as const;
export type FleetTransport = typeof TRANSPORTS[number];

/** Where the SuperLink serves each of them, and ServerApps. */
const PORTS: Readonly<Record<FleetTransport, number>> = { HTTP: 8000, gRPC: 9092 };
const DRIVER = "127.0.0.1:9091";

/** Seconds that a program may take to start while others do. */
const START_SECONDS = 90;

/**
 * A SuperLink at one end of a bad line, with TLS and keys, and two SuperNodes at the other: one over each transport. Each
 * trains in round 2 only when it is let.
 */
export class DividedFederation {
  readonly #stage: Stage;
  readonly #line: BadLine;
  readonly #credentials: Credentials;
  readonly superLink: Process;
  readonly nodes: Readonly<Record<FleetTransport, Process>>;

  private constructor(stage: Stage, line: BadLine, credentials: Credentials) {
    this.#stage = stage;
    this.#line = line;
    this.#credentials = credentials;
    const [http, grpc] = BadLine.addresses.near;
    this.superLink = this.#start("superlink", "near", [
      ...["superlink", "--verbose", "--host", http, "--port", `${PORTS.HTTP}`],
      ...["--fleet-api-address", `${grpc}:${PORTS.gRPC}`, "--driver-api-address", DRIVER],
      ...["--control-api-address", "none", "--database", ":memory:"],
      ...credentials.superlinkFlags(),
    ]);
    const node = (transport: FleetTransport) => {
      const partition = TRANSPORTS.indexOf(transport);
      const address = `${BadLine.addresses.near[partition]}:${PORTS[transport]}`;
      const config = [
        `partition-id=${partition} num-partitions=${TRANSPORTS.length}`,
        `wait-round=2 wait-file="${this.#waitFile(transport)}"`,
      ];
      return this.#start(`supernode over ${transport}`, "far", [
        ...["supernode", "client:app", "--dir", APPS, "--server", address],
        ...["--node-config", config.join(" "), ...credentials.supernodeFlags(partition + 1)],
      ]);
    };
    this.nodes = { HTTP: node("HTTP"), gRPC: node("gRPC") };
  }

  /** Starts everything and waits until both nodes have joined. */
  static async start(stage: Stage, line: BadLine): Promise<DividedFederation> {
    const credentials = await makeCredentials(stage.folder.path, 2, BadLine.addresses.near);
    const federation = new DividedFederation(stage, line, credentials);
    await federation.superLink.waitForEvent("superlink-ready", {}, START_SECONDS);
    await Promise.all(
      Object.values(federation.nodes).map((node) => node.waitForEvent("joined", {}, START_SECONDS)),
    );
    return federation;
  }

  /** Starts a ServerApp at the SuperLink's side. @param result the file that it writes at its end */
  run(name: string, result: string, rounds: number): Process {
    return this.#start(name, "near", [
      ...["run", "server:app", "--dir", APPS, "--server", DRIVER],
      ...["--run-config", `num-rounds=${rounds} initial="given" result="${result}"`],
      ...["--root-certificates", this.#credentials.caCertificate],
    ]);
  }

  /** Lets a node train in round 2. */
  async letTrain(transport: FleetTransport): Promise<void> {
    await Deno.writeTextFile(this.#waitFile(transport), "");
  }

  /** Has a node wait in round 2 of the next run. @returns resolves when it does */
  async hold(transport: FleetTransport): Promise<() => Promise<void>> {
    await Deno.remove(this.#waitFile(transport)).catch(() => {}); // it has never been let
    const { lines } = this.nodes[transport];
    const from = lines.length;
    const waits = () => lines.slice(from).some((line) => line === "Waiting in round 2");
    return async () => {
      await eventually(waits, START_SECONDS, `the node over ${transport} to wait`);
    };
  }

  /** Waits for a heartbeat of each node from now on. */
  async heartbeats(seconds: number): Promise<void> {
    const { lines } = this.superLink;
    const from = lines.length;
    for (const [at, transport] of TRANSPORTS.entries()) {
      const text = `/SendNodeHeartbeat from ${BadLine.addresses.far[at]}:`;
      const heard = () => lines.slice(from).some((line) => line.includes(text));
      await eventually(heard, seconds, `a heartbeat of the node over ${transport}`);
    }
  }

  #waitFile(transport: FleetTransport): string {
    return this.#stage.path(`train-${transport}`);
  }

  #start(name: string, end: LineEnd, args: readonly string[]): Process {
    const command = ["run", "-A", repositoryPath("main.ts"), ...args, ...EVENTS];
    return this.#stage.start({
      name,
      ...this.#line.inside(end, Deno.execPath(), command),
      cwd: repositoryPath(""),
    });
  }
}
