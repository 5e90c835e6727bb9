import type { ConfigRecord } from "../../app/config_record.ts";
import { formatBytes } from "../../base/readable.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import type { NodeFaults } from "../../entities/simulation.ts";
import { serverSeed } from "../../simulation/node_seed.ts";
import { NodeTable } from "../../simulation/node_table.ts";
import { SimulatedConnection } from "../../simulation/simulated_connection.ts";
import { MAX_SAVED_STATE_BYTES } from "../../simulation/node_states.ts";
import { VirtualNodes } from "../../simulation/virtual_nodes.ts";
import type { NodeRunner } from "../../simulation/node_runner.ts";
import { SharedArrays } from "../sandbox/wire/shared_arrays.ts";
import { type NodeThreadHost, ThreadRunner } from "./thread_runner.ts";
import { SharedMemories } from "./shared_memories.ts";
import type { AppModule } from "../app/app_module.ts";

/** Maximum number of different node errors that are printed in full. The others are counted. */
const MAX_PRINTED_FAILURES = 3;

/** Most nodes whose work is handed out to other machines at the same time. A process may have 256 calls open. */
export const MAX_JOBS_OUT = 192;

const UNSAVED =
  `The states of the simulated nodes take more than ${formatBytes(MAX_SAVED_STATE_BYTES)}, so ` +
  "checkpoints no longer contain them: if the run is resumed, they start empty\n";

/** The simulated nodes of a run, which run in the process of its ServerApp. */
export interface SimulationJob {
  /** The ClientApp that every node runs. */
  readonly module: AppModule;
  /** Number of nodes. */
  readonly nodes: number;
  /** Number of threads, each for one node at a time. Undefined: workers on other machines work for the nodes. */
  readonly workers?: number;
  /** Seed of all random numbers that the apps draw by default; any integer. */
  readonly seed: number;
  readonly faults: NodeFaults;
  /** The settings of each node, as {@link NodeTable} reads them (default: none). */
  readonly nodeTable?: Uint8Array | undefined;
}

/** A simulation, and the run that it belongs to. */
export interface SimulatedRun extends SimulationJob {
  readonly runId: bigint;
  readonly runConfig: ConfigRecord;
}

/** The simulated nodes of a run, in threads of this process or with workers on other machines. */
export class SimulatedNodes implements AsyncDisposable {
  /** Connects the ServerApp with the nodes. */
  readonly connection: SimulatedConnection;
  /** The source of the ServerApp's random numbers. */
  readonly serverRandom: Random;
  readonly #runners: readonly NodeRunner[];

  private constructor(
    { runId, runConfig, nodes, seed, faults, nodeTable }: SimulatedRun,
    runners: readonly NodeRunner[],
    { printed }: NodeThreadHost,
  ) {
    const table = nodeTable && new NodeTable(nodeTable);
    this.#runners = runners;
    const failed = failurePrinter(printed);
    this.serverRandom = seededRandom(serverSeed(seed));
    this.connection = new SimulatedConnection({
      runId,
      runConfig,
      nodes: new VirtualNodes({
        count: nodes,
        ...(table && { settingsOf: (partition) => table.settingsOf(partition) }),
      }),
      runners,
      seed,
      faults,
      failed,
      unsaved: () => printed(UNSAVED),
    });
  }

  /**
   * Starts the threads, and loads the ClientApp in each.
   *
   * @param elsewhere hands out a node's work to workers on other machines, in place of threads
   * @throws FlwrError "failed-precondition" when the ClientApp cannot be loaded
   */
  static async start(
    run: SimulatedRun,
    thread: NodeThreadHost,
    elsewhere: NodeRunner["run"],
  ): Promise<SimulatedNodes> {
    const shared = { arrays: new SharedArrays(), memories: new SharedMemories() };
    const { module, nodes, workers = MAX_JOBS_OUT } = run;
    const starting = Array.from(
      { length: Math.min(workers, nodes) },
      (): Promise<NodeRunner> =>
        run.workers === undefined
          ? Promise.resolve({ run: elsewhere, [Symbol.asyncDispose]: () => Promise.resolve() })
          : ThreadRunner.start(module, thread, shared),
    );
    const started = await Promise.allSettled(starting);
    const runners = started.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    const failure = started.find((one) => one.status === "rejected");
    if (failure !== undefined) {
      await Promise.all(runners.map((runner) => runner[Symbol.asyncDispose]()));
      throw failure.reason;
    }
    return new SimulatedNodes(run, runners, thread);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    await Promise.all(this.#runners.map((runner) => runner[Symbol.asyncDispose]()));
  }
}

/** Prints the first errors of nodes in full, each once, because simulated nodes have no logs. */
function failurePrinter(
  printed: NodeThreadHost["printed"],
): (partition: number, text: string) => void {
  const seen = new Set<string>();
  return (partition, text) => {
    const [first = ""] = text.split("\n", 1);
    if (seen.has(first) || seen.size >= MAX_PRINTED_FAILURES) return;
    seen.add(first);
    printed(`The ClientApp failed at the node with partition-id ${partition}:\n${text}\n`);
  };
}
