import type { ConfigRecord } from "../../app/config_record.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { serverSeed } from "../../simulation/node_seed.ts";
import { SimulatedConnection } from "../../simulation/simulated_connection.ts";
import { VirtualNodes } from "../../simulation/virtual_nodes.ts";
import { type NodeThreadHost, ThreadRunner } from "./thread_runner.ts";
import type { AppModule } from "../app/app_module.ts";

/** Maximum number of different node errors that are printed in full. The others are counted. */
const MAX_PRINTED_FAILURES = 3;

/** The nodes of a run that are simulated in the process of its ServerApp. */
export interface SimulationJob {
  /** The ClientApp that every node runs. */
  readonly module: AppModule;
  /** Number of nodes. */
  readonly nodes: number;
  /** Number of threads, each for one node at a time. */
  readonly workers: number;
  /** The seed of all random numbers that the apps draw by default, any integer. */
  readonly seed: number;
}

/** A simulation, and the run that it belongs to. */
export interface SimulatedRun extends SimulationJob {
  readonly runId: bigint;
  readonly runConfig: ConfigRecord;
}

/** The simulated nodes of a run, in threads of this process. */
export class SimulatedNodes implements AsyncDisposable {
  /** Connects the ServerApp with the nodes. */
  readonly connection: SimulatedConnection;
  /** The source of the ServerApp's random numbers. */
  readonly serverRandom: Random;
  readonly #runners: readonly ThreadRunner[];

  private constructor(
    { runId, runConfig, nodes, seed }: SimulatedRun,
    runners: readonly ThreadRunner[],
    failed: (partition: number, text: string) => void,
  ) {
    this.#runners = runners;
    this.serverRandom = seededRandom(serverSeed(seed));
    this.connection = new SimulatedConnection({
      runId,
      runConfig,
      nodes: new VirtualNodes({ count: nodes }),
      runners,
      seed,
      failed,
    });
  }

  /**
   * Starts the threads, and loads the ClientApp in each.
   *
   * @throws FlwrError "failed-precondition" when the ClientApp cannot be loaded
   */
  static async start(run: SimulatedRun, thread: NodeThreadHost): Promise<SimulatedNodes> {
    const starting = Array.from(
      { length: Math.min(run.workers, run.nodes) },
      () => ThreadRunner.start(run.module, thread),
    );
    const runners = await Promise.all(starting);
    return new SimulatedNodes(run, runners, failurePrinter(thread));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    await Promise.all(this.#runners.map((runner) => runner[Symbol.asyncDispose]()));
  }
}

/** Prints the first errors of nodes in full, each once, because simulated nodes have no logs of their own. */
function failurePrinter({ printed }: NodeThreadHost): (partition: number, text: string) => void {
  const seen = new Set<string>();
  return (partition, text) => {
    const [first = ""] = text.split("\n", 1);
    if (seen.has(first) || seen.size >= MAX_PRINTED_FAILURES) return;
    seen.add(first);
    printed(`The ClientApp failed at the node with partition-id ${partition}:\n${text}\n`);
  };
}
