import { FlwrError } from "../../base/error.ts";
import type { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import type { MetricRecord } from "../metric_record.ts";
import { sameShape } from "../nd_array.ts";
import { RecordDict } from "../record_dict.ts";
import type { RoundRecord } from "../result.ts";
import { misfit, otherStrategy } from "./checkpointable.ts";
import { addHistory, addMetrics, metricsOf, readHistory } from "./history.ts";

/** Version of the records of a strategy's checkpoint. */
const VERSION = 1;
/** Version of those with a round in progress, which earlier programs would take for a whole one. */
const VERSION_WITH_TRAINED = 2;

/** Name of the record that describes the checkpoint. */
const ABOUT = "checkpoint";
const MODEL = "arrays";
const INITIAL_METRICS = "round-0/server";
/** Prefix of the records of the strategy's state. */
const STATE = "strategy/";

/** The arrays of a model: names with lengths of the axes. */
export type Shapes = readonly (readonly [name: string, shape: readonly number[]])[];

/** The names and shapes of a model's arrays. */
export function shapesOf(arrays: ArrayRecord): Shapes {
  return [...arrays.viewTensors()].map(([name, { shape }]) => [name, shape] as const);
}

/** What a strategy needs to go on after a round. */
export interface RoundsCheckpoint {
  /** Name of the strategy. */
  readonly strategy: string;
  /** The global model. */
  readonly arrays: ArrayRecord;
  /**
   * Names and shapes of the initial model, in its order. The shapes of the model itself may change from round to round,
   * as those of trees do.
   */
  readonly initialShapes: Shapes;
  /** The rounds so far: empty before the first. */
  readonly rounds: readonly RoundRecord[];
  /** The next round, if its training is over: the model and the state are those after it (default: none). */
  readonly trained?: RoundRecord;
  /** Metrics of the ServerApp's evaluation before the first round. */
  readonly initialServerMetrics: MetricRecord | undefined;
  /** Duration of the rounds so far, in seconds. */
  readonly seconds: number;
  /** Whether `stopWhen` has ended the run. */
  readonly stoppedEarly: boolean;
  /** The strategy's own state. */
  readonly state: RecordDict;
}

/** Converts a checkpoint to records. */
export function roundsToRecords(checkpoint: RoundsCheckpoint): RecordDict {
  const { strategy, arrays, rounds, trained, initialServerMetrics, seconds, stoppedEarly, state } =
    checkpoint;
  const shapes = JSON.stringify(checkpoint.initialShapes);
  const about = new ConfigRecord({
    version: trained === undefined ? VERSION : VERSION_WITH_TRAINED,
    strategy,
    shapes,
    "stopped-early": stoppedEarly,
  });
  about.setTyped("seconds", { type: "double", value: seconds });
  const records = new RecordDict({ [ABOUT]: about, [MODEL]: arrays });
  addMetrics(records, INITIAL_METRICS, initialServerMetrics);
  addHistory(records, trained === undefined ? rounds : [...rounds, trained]);
  for (const [name, record] of state) records.set(STATE + name, record);
  return records;
}

/**
 * Reads the records of {@link roundsToRecords}.
 *
 * @throws FlwrError "failed-precondition" for records of another version, or that a ServerApp saved itself;
 * "data-loss" for malformed ones
 */
export function roundsFromRecords(records: RecordDict): RoundsCheckpoint {
  const about = records.configRecords.get(ABOUT);
  const version = about?.get("version");
  if (about === undefined || version === undefined) {
    throw new FlwrError("failed-precondition", "The checkpoint is not of a strategy", {
      hints: ["Resume with the app that saved it"],
    });
  }
  if (version !== VERSION && version !== VERSION_WITH_TRAINED) {
    throw new FlwrError(
      "failed-precondition",
      `The strategy's checkpoint has version ${version}, but this program reads versions ${VERSION} and ` +
        VERSION_WITH_TRAINED,
      { hints: ["Resume with the version of flwr that saved it"] },
    );
  }
  const arrays = records.arrayRecord(MODEL);
  arrays.viewTensors();
  const rounds = readHistory(records);
  const trained = version === VERSION_WITH_TRAINED ? rounds.pop() : undefined;
  return {
    strategy: about.string("strategy"),
    arrays,
    initialShapes: readShapes(about.string("shapes")),
    rounds,
    trained,
    initialServerMetrics: metricsOf(records, INITIAL_METRICS),
    seconds: about.number("seconds"),
    stoppedEarly: about.boolean("stopped-early"),
    state: new RecordDict(
      [...records].flatMap(([name, record]) =>
        name.startsWith(STATE) ? [[name.slice(STATE.length), record] as const] : []
      ),
    ),
  };
}

function readShapes(text: string): Shapes {
  try {
    const shapes: unknown = JSON.parse(text);
    if (!Array.isArray(shapes)) throw new RangeError("not a list");
    return shapes.map(([name, shape]) => [String(name), Array.from(shape, Number)] as const);
  } catch (cause) {
    throw new FlwrError("data-loss", "The checkpoint is damaged: its shapes cannot be read", {
      hints: ["Start a new run, without a checkpoint"],
      cause,
    });
  }
}

/** What a checkpoint is resumed with. */
export interface ResumeTarget {
  readonly strategy: string;
  readonly numRounds: number;
  /** The app's own initial model: the checkpoint's must have the same arrays. Undefined if it has none. */
  readonly initialArrays: ArrayRecord | undefined;
}

/** Checks that a checkpoint fits a strategy and its options. @throws FlwrError "failed-precondition" that says why not */
export function checkFits(checkpoint: RoundsCheckpoint, target: ResumeTarget): void {
  const { strategy, rounds, trained, initialShapes } = checkpoint;
  const begun = rounds.length + (trained === undefined ? 0 : 1);
  if (strategy !== target.strategy) {
    throw otherStrategy(strategy, target.strategy);
  }
  if (begun > target.numRounds) {
    throw misfit(
      `it is of round ${begun}, and numRounds is ${target.numRounds}`,
      `Set numRounds to ${begun} or more`,
    );
  }
  const difference = target.initialArrays &&
    differenceOf(initialShapes, shapesOf(target.initialArrays));
  if (difference !== undefined) {
    throw misfit(difference, "Give the app the model that it had when the checkpoint was saved");
  }
}

/** The first difference in names and shapes between the initial models of a checkpoint and of the app. */
function differenceOf(saved: Shapes, initial: Shapes): string | undefined {
  const [ours, theirs] = [new Map(saved), new Map(initial)];
  for (const [name, shape] of theirs) {
    const known = ours.get(name);
    if (known === undefined) return `its model has no array "${name}", which the app's model has`;
    if (!sameShape(known, shape)) {
      return `array "${name}" has shape [${known}] in it, and [${shape}] in the app`;
    }
  }
  const extra = [...ours.keys()].find((name) => !theirs.has(name));
  return extra === undefined
    ? undefined
    : `its model has an array "${extra}", which the app's model does not have`;
}
