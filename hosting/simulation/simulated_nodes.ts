import type { ConfigRecord } from "../../app/config_record.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { serverSeed } from "../../simulation/node_seed.ts";
import { SimulatedConnection } from "../../simulation/simulated_connection.ts";
import { VirtualNodes } from "../../simulation/virtual_nodes.ts";
import type { NodeRunner } from "../../simulation/node_runner.ts";
import { type NodeThreadHost, ThreadRunner } from "./thread_runner.ts";
import type { AppModule } from "../app/app_module.ts";

/** Most different errors of nodes whose whole text is printed. The others are counted. */
const MAX_PRINTED_FAILURES = 3;

/** Most nodes whose work is handed out to other machines at the same time. A process may have 256 calls open. */
export const MAX_JOBS_OUT = 192;

/** The nodes of a run that are simulated in the process of its ServerApp. */
export interface SimulationJob {
  /** The ClientApp that every node runs. */
  readonly module: AppModule;
  /** Number of nodes. */
  readonly nodes: number;
  /** Number of threads, each for one node at a time. Undefined: workers on other machines work for the nodes. */
  readonly workers?: number;
  /** Decides all random numbers that the apps draw by default, any integer. */
  readonly seed: number;
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
    { runId, runConfig, nodes, seed }: SimulatedRun,
    runners: readonly NodeRunner[],
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
   * @param elsewhere hands out a node's work to workers on other machines, in place of threads
   * @throws FlwrError "failed-precondition" when the ClientApp cannot be loaded
   */
  static async start(
    run: SimulatedRun,
    thread: NodeThreadHost,
    elsewhere: NodeRunner["run"],
  ): Promise<SimulatedNodes> {
    const { module, nodes, workers = MAX_JOBS_OUT } = run;
    const starting = Array.from(
      { length: Math.min(workers, nodes) },
      () => run.workers === undefined ? remote(elsewhere) : ThreadRunner.start(module, thread),
    );
    const started = await Promise.allSettled(starting);
    const runners = started.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    const failure = started.find((one) => one.status === "rejected");
    if (failure !== undefined) {
      await Promise.all(runners.map((runner) => runner[Symbol.asyncDispose]()));
      throw failure.reason;
    }
    return new SimulatedNodes(run, runners, failurePrinter(thread));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    await Promise.all(this.#runners.map((runner) => runner[Symbol.asyncDispose]()));
  }
}

function remote(run: NodeRunner["run"]): NodeRunner {
  return { run, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Prints the first errors of nodes whole, each once. In a simulation there is no node's log to look into. */
function failurePrinter({ printed }: NodeThreadHost): (partition: number, text: string) => void {
  const seen = new Set<string>();
  return (partition, text) => {
    const [first = ""] = text.split("\n", 1);
    if (seen.has(first) || seen.size >= MAX_PRINTED_FAILURES) return;
    seen.add(first);
    printed(`The ClientApp failed at the node with partition-id ${partition}:\n${text}\n`);
  };
}
