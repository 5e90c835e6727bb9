import { RunArtifacts } from "../app/artifacts.ts";
import { RunCheckpoints } from "../app/checkpoint/run_checkpoints.ts";
import { type ClientApp, isClientApp } from "../app/client_app.ts";
import { ConfigRecord } from "../app/config_record.ts";
import type { ProgressEvent } from "../app/events.ts";
import { Grid } from "../app/grid.ts";
import { RecordDict } from "../app/record_dict.ts";
import type { Result } from "../app/result.ts";
import { isServerApp, type ServerApp } from "../app/server_app.ts";
import { drawingFrom } from "../base/current_random.ts";
import { systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { checkOptionNames, type OptionNames } from "../base/option_names.ts";
import { seededRandom } from "../base/random.ts";
import { MAX_SLOW_SECONDS, NO_FAULTS, type NodeFaults } from "../entities/simulation.ts";
import { type RunId, SUPERLINK_NODE_ID } from "../entities/metadata.ts";
import { LocalRunner } from "./local_runner.ts";
import { serverSeed } from "./node_seed.ts";
import { SimulatedConnection } from "./simulated_connection.ts";
import { type NodeSettings, VirtualNodes } from "./virtual_nodes.ts";

/** The id of a simulated run. */
const RUN_ID: RunId = 1n;

/** The apps of a simulation, and their settings. */
export interface SimulateOptions {
  /** The app that leads the run. */
  readonly serverApp: ServerApp;
  /** The app that each node runs. */
  readonly clientApp: ClientApp;
  /** Number of virtual nodes. */
  readonly nodes: number;
  /** Settings of the run, as `--run-config` gives them (default: none). */
  readonly runConfig?: NodeSettings;
  /** Settings of the node with this partition, from 0, in addition to `partition-id` and `num-partitions` (default: none). */
  readonly nodeConfig?: (partition: number) => NodeSettings;
  /**
   * Faults of the nodes: shares of messages from 0 to 1, and a delay in seconds. The seed decides which messages have a
   * fault (default: none).
   */
  readonly faults?: Partial<NodeFaults>;
  /** Seed of all random numbers of strategies and models that do not set their own seed; any integer (default: 0). */
  readonly seed?: number;
}

const OPTIONS: OptionNames<SimulateOptions> = {
  serverApp: true,
  clientApp: true,
  nodes: true,
  runConfig: true,
  nodeConfig: true,
  seed: true,
  faults: true,
};

/** Seconds that a finished simulation waits for ClientApps that still work. */
const SETTLE_SECONDS = 10;

/** The results of a simulated run. */
export interface Simulation {
  /** The results of the strategies that the ServerApp ran, in order. */
  readonly results: readonly Result[];
  /** The files that the ServerApp saved, by name. */
  readonly artifacts: ReadonlyMap<string, Uint8Array>;
  /** Everything that happened, in order. */
  readonly events: readonly ProgressEvent[];
}

/**
 * Runs a ServerApp with virtual nodes in this thread: for tests of an app. The same seed gives the same result, unless
 * the app has another source of random numbers.
 *
 * @returns the results once the ServerApp's main has returned
 * @throws the error that the ServerApp throws; FlwrError "invalid-argument" for an option that is invalid
 *
 * @example
 * ```ts
 * import { simulate } from "flwr/testing";
 *
 * Deno.test("the loss falls", async () => {
 *   const { results } = await simulate({ serverApp, clientApp, nodes: 8, runConfig: { "num-rounds": 3 } });
 *   const losses = results[0]!.rounds.map(({ train }) => train!.metrics!.number("loss"));
 *   if (!(losses.at(-1)! < losses[0]!)) throw new Error(`The loss did not fall: ${losses}`);
 * });
 * ```
 */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  checkOptionNames("simulate", options, OPTIONS);
  const { serverApp, clientApp, nodes, runConfig = {}, nodeConfig, seed = 0 } = options;
  const faults = { ...NO_FAULTS, ...options.faults };
  if (!isServerApp(serverApp)) throw notAn("serverApp", "ServerApp");
  if (!isClientApp(clientApp)) throw notAn("clientApp", "ClientApp");
  if (!Number.isSafeInteger(seed)) {
    throw new FlwrError("invalid-argument", `"seed" must be an integer: got ${seed}`);
  }
  checkFaults(faults);
  const config = new ConfigRecord(runConfig);
  const connection = new SimulatedConnection({
    runId: RUN_ID,
    nodes: new VirtualNodes({ count: nodes, ...(nodeConfig && { settingsOf: nodeConfig }) }),
    runners: [new LocalRunner(clientApp, seed)],
    runConfig: config,
    seed,
    faults,
  });
  const events: ProgressEvent[] = [];
  const results: Result[] = [];
  const saved = new Map<string, Uint8Array>();
  const ended = new AbortController();
  const over = new AbortController();
  try {
    const grid = new Grid(connection, RUN_ID, { signal: ended.signal });
    grid.subscribe((event) => {
      events.push(event);
      if (event.type === "strategy-finished") results.push(event.result);
    });
    const artifacts = new RunArtifacts({
      save: (name, bytes) => (saved.set(name, bytes.slice()), Promise.resolve(true)),
    });
    const context = {
      runId: RUN_ID,
      nodeId: SUPERLINK_NODE_ID,
      nodeConfig: new ConfigRecord(),
      state: new RecordDict(),
      runConfig: config,
      artifacts,
      checkpoint: new RunCheckpoints(NO_CHECKPOINTS).own,
    };
    const random = seededRandom(serverSeed(seed));
    await drawingFrom(random, () => serverApp.run(grid, context));
    await artifacts.settled();
  } finally {
    ended.abort();
    connection.close();
    // ClientApps that still work must not continue during the caller's next test.
    await Promise.race([connection.settled(), systemClock.sleep(SETTLE_SECONDS, over.signal)]);
    over.abort();
  }
  return { results, artifacts: saved, events };
}

const NO_CHECKPOINTS = {
  save: () => Promise.resolve(false),
  load: () => Promise.resolve(undefined),
};

function checkFaults(faults: NodeFaults): void {
  for (const name of Object.keys(faults) as (keyof NodeFaults)[]) {
    if (!Object.hasOwn(NO_FAULTS, name)) {
      throw new FlwrError("invalid-argument", `"faults" has no "${name}"`, {
        hints: [`It has: ${Object.keys(NO_FAULTS).join(", ")}`],
      });
    }
    const most = name === "slowSeconds" ? MAX_SLOW_SECONDS : 1;
    if (!(faults[name] >= 0 && faults[name] <= most)) {
      throw new FlwrError(
        "invalid-argument",
        `"faults.${name}" must be from 0 to ${most}: got ${faults[name]}`,
      );
    }
  }
}

function notAn(option: string, kind: string): FlwrError {
  return new FlwrError("invalid-argument", `"${option}" must be a ${kind}`, {
    hints: [`Export one from your app: export const app = new ${kind}()`],
  });
}
