import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { ArrayRecord } from "../array_record.ts";
import type { Checkpointable } from "../checkpoint/checkpointable.ts";
import { shapesOf } from "../checkpoint/rounds_checkpoint.ts";
import { type CheckpointOptions, StrategyCheckpoints } from "../checkpoint/strategy_checkpoints.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Grid } from "../grid.ts";
import type { Exchange } from "../exchange.ts";
import { MetricRecord } from "../metric_record.ts";
import type { Named } from "../named_map.ts";
import { isConfigRecord, isMetricRecord } from "../record_dict.ts";
import type { ConfigInput, MetricInput } from "../typed_value.ts";
import { type PhaseName, type PhaseRecord, Result, type RoundRecord } from "../result.ts";
import type { Round } from "./round/round.ts";
import type { PhaseOutcome, PhasePlan, Strategy, TrainOutcome } from "./strategy.ts";

/** Default timeout of a phase's replies, in seconds (Flower 1.41). */
const DEFAULT_ROUND_TIMEOUT_SECONDS = 3_600;

/** Settings for the nodes: the same in each round, or a function of the round. */
export type ConfigSource =
  | ConfigRecord
  | Named<ConfigInput>
  | ((round: number) => ConfigRecord | Named<ConfigInput>);

/** Evaluates the global model in the ServerApp; returns undefined if it skips this round. */
export type EvaluateFn = (
  round: number,
  arrays: ArrayRecord,
) => ServerMetrics | Promise<ServerMetrics>;

/**
 * Decides after a round whether to end the run.
 *
 * @param round the round that has just ended
 * @param rounds all rounds so far, in order; the last is `round`
 */
export type StopRule = (
  round: RoundRecord,
  rounds: readonly RoundRecord[],
) => boolean | Promise<boolean>;

/** The metrics of an {@link EvaluateFn}. */
export type ServerMetrics = MetricRecord | Named<MetricInput> | undefined;

/** Options of a strategy's run. */
export interface StartOptions {
  /** Number of rounds, from 1 (default 3). */
  readonly numRounds?: number;
  /** The initial model (default: one random node is asked for its model). */
  readonly initialArrays?: ArrayRecord;
  /** Settings for the nodes' training (default: the round only). */
  readonly trainConfig?: ConfigSource;
  /** Settings for the nodes' evaluation (default: the round only). */
  readonly evaluateConfig?: ConfigSource;
  /** Called before the first round, as round 0, and after each round. */
  readonly evaluateFn?: EvaluateFn;
  /**
   * Called after each round except the last. Return true to end the run early; it then completes with the model of that
   * round (default: all rounds run).
   *
   * @example
   * ```ts
   * stopWhen: ({ evaluate }) => Number(evaluate?.metrics?.get("loss")) < 0.1
   * ```
   */
  readonly stopWhen?: StopRule;
  /** Timeout of a phase's replies, in seconds (default: one hour). */
  readonly timeout?: number;
  /**
   * Where and how often to save a checkpoint of model, state and history; false saves none (default: after each round,
   * if the run has a place to save it). A resumed run continues after the round of its last checkpoint.
   */
  readonly checkpoint?: boolean | CheckpointOptions;
  /** Ends the run with a "cancelled" error. */
  readonly signal?: AbortSignal;
}

/** The result of a round. */
export interface RoundOutcome {
  /** The new model; undefined keeps the old one. */
  readonly arrays?: ArrayRecord;
  readonly train?: PhaseRecord;
  readonly evaluate?: PhaseRecord;
}

/** The part of a strategy that starts a run and performs one round. */
export interface RoundDriver {
  readonly name: string;
  /** The state that checkpoints contain, in addition to the model and the history. */
  readonly state: Checkpointable;
  initialArrays: Strategy["initialArrays"];
  stopBefore?: Strategy["stopBefore"];
  /** Performs a round. @param roundOf creates the round with settings and a model (default: the model at its start) */
  round(
    roundOf: (config: ConfigSource | undefined, arrays?: ArrayRecord) => Round,
    timeout: number,
  ): Promise<RoundOutcome>;
}

/** Runs a strategy's rounds of training and evaluation: see {@link Strategy.start}. */
export async function runStrategy(
  strategy: Strategy,
  grid: Grid,
  options: StartOptions,
): Promise<Result> {
  return await runRounds(
    {
      name: strategy.name,
      state: strategy,
      initialArrays: (grid, options) => strategy.initialArrays(grid, options),
      stopBefore: (round) => strategy.stopBefore(round),
      async round(roundOf, timeout) {
        const toTrain = roundOf(options.trainConfig);
        const train = await runPhase<TrainOutcome>("train", toTrain, timeout, {
          configure: () => strategy.configureTrain(toTrain),
          aggregate: (replies) => strategy.collectTrain(toTrain, replies),
        });
        const arrays = train?.outcome.arrays;
        const toEvaluate = roundOf(options.evaluateConfig, arrays);
        const evaluate = await runPhase("evaluate", toEvaluate, timeout, {
          configure: () => strategy.configureEvaluate(toEvaluate),
          aggregate: async (replies) =>
            await strategy.aggregateEvaluate(toEvaluate, await replies.all()),
        });
        return { arrays, train: train?.record, evaluate: evaluate?.record };
      },
    },
    grid,
    options,
  );
}

/** Runs rounds, reports their events, and keeps their history. @throws FlwrError as {@link Strategy.start} */
export async function runRounds(
  driver: RoundDriver,
  grid: Grid,
  options: StartOptions,
): Promise<Result> {
  const { numRounds = 3, timeout = DEFAULT_ROUND_TIMEOUT_SECONDS } = options;
  checkOptions(numRounds, timeout);
  const checkpoints = StrategyCheckpoints.open(driver, grid, options.checkpoint);
  try {
    return await driveRounds(driver, grid, { ...options, numRounds, timeout }, checkpoints);
  } catch (error) {
    // A run that fails can continue from its last round. The run's own error is the one to report.
    await checkpoints?.written().catch(() => {});
    throw error;
  }
}

async function driveRounds(
  driver: RoundDriver,
  grid: Grid,
  options: StartOptions & { readonly numRounds: number; readonly timeout: number },
  checkpoints: StrategyCheckpoints | undefined,
): Promise<Result> {
  const { numRounds, timeout, signal } = options;
  const began = grid.clock.now();
  grid.report({ type: "strategy-started", strategy: driver.name, numRounds });
  const { initialArrays } = options;
  const saved = await checkpoints?.load({ numRounds, initialArrays });
  const start = began - (saved?.seconds ?? 0);
  const rounds: RoundRecord[] = [...saved?.rounds ?? []];
  let { arrays, initialServerMetrics, stoppedEarly } = saved ?? {
    ...await begin(driver, grid, options, timeout),
    stoppedEarly: false,
  };
  const initialShapes = saved?.initialShapes ??
    (checkpoints === undefined ? [] : shapesOf(arrays));
  const save = (isLast: boolean) => {
    const seconds = grid.clock.now() - start;
    const progress = { arrays, initialShapes, rounds, initialServerMetrics, seconds, stoppedEarly };
    return checkpoints?.save(progress, isLast);
  };
  if (saved === undefined) await save(false);
  else grid.report({ type: "resumed", round: rounds.length, numRounds });

  let stopReason: string | undefined;
  for (let number = rounds.length + 1; number <= numRounds && !stoppedEarly; number++) {
    stopReason = driver.stopBefore?.(number);
    if (stopReason !== undefined) {
      stoppedEarly = true;
      grid.report({ type: "stopped-early", round: number - 1, numRounds, reason: stopReason });
      break;
    }
    const roundStart = grid.clock.now();
    grid.report({ type: "round-started", round: number, numRounds });
    const sent = arrays;
    const outcome = await driver.round((config, arrays = sent) => ({
      number,
      arrays,
      config: resolveConfig(config, number),
      grid,
      signal,
    }), timeout);
    arrays = outcome.arrays ?? arrays;
    const record: RoundRecord = {
      round: number,
      train: outcome.train,
      evaluate: outcome.evaluate,
      serverMetrics: await evaluateAtServer(grid, options.evaluateFn, number, arrays),
      seconds: grid.clock.now() - roundStart,
    };
    rounds.push(record);
    grid.report({ type: "round-finished", record });
    stoppedEarly = number < numRounds && await asksToStop(options.stopWhen, record, rounds);
    if (stoppedEarly) grid.report({ type: "stopped-early", round: number, numRounds });
    await save(stoppedEarly || number === numRounds);
  }
  await checkpoints?.written();

  const seconds = grid.clock.now() - start;
  const result = new Result({
    arrays,
    rounds,
    initialServerMetrics,
    seconds,
    stoppedEarly,
    stopReason,
  });
  grid.report({ type: "strategy-finished", result });
  checkTrained(result, grid);
  return result;
}

/** The initial model, with the ServerApp's evaluation of it. */
async function begin(
  driver: RoundDriver,
  grid: Grid,
  { initialArrays, evaluateFn, signal }: StartOptions,
  timeout: number,
): Promise<{ arrays: ArrayRecord; initialServerMetrics: MetricRecord | undefined }> {
  const initial: { arrays: ArrayRecord; nodeId?: NodeId } = initialArrays === undefined
    ? await driver.initialArrays(grid, { timeout, signal })
    : { arrays: initialArrays };
  const { arrays, nodeId } = initial;
  const { size, byteLength: bytes } = arrays;
  grid.report({ type: "initial-arrays", nodeId, arrays: size, bytes });
  return { arrays, initialServerMetrics: await evaluateAtServer(grid, evaluateFn, 0, arrays) };
}

/** Runs one phase of a round; undefined if it is skipped. */
async function runPhase<O extends PhaseOutcome>(
  phase: PhaseName,
  { number, grid, signal }: Round,
  timeout: number,
  hooks: {
    configure(): Promise<PhasePlan>;
    aggregate(replies: Exchange): Promise<O>;
  },
): Promise<{ outcome: O; record: PhaseRecord } | undefined> {
  const { messages, available } = await hooks.configure();
  if (messages.length === 0) return undefined;
  const nodeIds = messages.map(({ metadata }) => metadata.dstNodeId);
  grid.report({ type: "phase-started", phase, round: number, nodeIds, available });
  const start = grid.clock.now();
  const outcome = await hooks.aggregate(grid.open(messages, { timeout, signal }));
  const { results, failures, aggregated, metrics } = outcome;
  const seconds = grid.clock.now() - start;
  const record = { phase, nodeIds, available, results, failures, aggregated, metrics, seconds };
  grid.report({ type: "phase-finished", round: number, phase: record });
  return { outcome, record };
}

async function evaluateAtServer(
  grid: Grid,
  evaluateFn: EvaluateFn | undefined,
  round: number,
  arrays: ArrayRecord,
): Promise<MetricRecord | undefined> {
  if (evaluateFn === undefined) return undefined;
  const start = grid.clock.now();
  const measured = await evaluateFn(round, arrays);
  if (measured === undefined) return undefined;
  const metrics = isMetricRecord(measured) ? measured : new MetricRecord(measured);
  grid.report({ type: "server-evaluated", round, metrics, seconds: grid.clock.now() - start });
  return metrics;
}

/** Only `true` stops the run: a rule without a return value, or a comparison with a missing metric, must not. */
async function asksToStop(
  stopWhen: StopRule | undefined,
  record: RoundRecord,
  rounds: readonly RoundRecord[],
): Promise<boolean> {
  if (stopWhen === undefined) return false;
  const answer: unknown = await stopWhen(record, [...rounds]);
  if (typeof answer === "boolean") return answer;
  throw new FlwrError(
    "invalid-argument",
    `stopWhen returned ${typeof answer}, expected a boolean`,
    {
      hints: ["Return true to stop after this round, false to continue"],
    },
  );
}

/** A record for this round only, so that a hook's additions do not appear in the next round. */
function resolveConfig(source: ConfigSource = [], round: number): ConfigRecord {
  const config = typeof source === "function" ? source(round) : source;
  if (!isConfigRecord(config)) return new ConfigRecord(config);
  const copy = new ConfigRecord();
  for (const [name, typed] of config.typedEntries()) copy.setTyped(name, typed);
  return copy;
}

function checkOptions(numRounds: number, timeout: number): void {
  if (!Number.isSafeInteger(numRounds) || numRounds < 1) {
    throw new FlwrError(
      "invalid-argument",
      `The number of rounds must be a whole number from 1: got ${numRounds}`,
    );
  }
  if (!(timeout > 0)) {
    throw new FlwrError(
      "invalid-argument",
      `A timeout must be a number of seconds above 0: got ${timeout}`,
    );
  }
}

/** Error of Python's SuperNodes (1.41 and 1.29) that do not find the module of the ClientApp. */
const PYTHON_CANNOT_LOAD =
  /^<class 'ModuleNotFoundError'>|^An exception was raised when attempting to load `ClientApp`/;

/** Throws if training failed in each round: such a run must not look successful. */
function checkTrained({ rounds }: Result, grid: Grid): void {
  const trainings = rounds.map(({ train }) => train).filter((train) => train !== undefined);
  if (trainings.length === 0 || trainings.some(({ aggregated }) => aggregated)) return;
  const failure = trainings.at(-1)!.failures.at(-1);
  const last = failure === undefined
    ? ""
    : `. Last error, from node ${grid.nodeLabel(failure.nodeId)}: ${failure.reason}`;
  const isPython = failure !== undefined && PYTHON_CANNOT_LOAD.test(failure.reason);
  throw new FlwrError("failed-precondition", `Training failed in every round${last}`, {
    hints: isPython
      ? [
        "A SuperNode of Flower for Python cannot run a TypeScript ClientApp: start this program's " +
        '"flwr supernode" on that machine, or submit a Python app',
      ]
      : [],
  });
}
