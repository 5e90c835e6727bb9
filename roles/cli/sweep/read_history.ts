import { FlwrError } from "../../../base/error.ts";
import { MAX_HISTORY_BYTES } from "../../../base/history_file.ts";
import { fieldsOf, integerOf, listOf, textOf } from "../../../base/untrusted.ts";

/** Most bytes of a history that a sweep reads. An app of another version may write more than this one. */
export const MAX_READ_BYTES: number = 2 * MAX_HISTORY_BYTES;

/** Most metrics of a run. */
const MAX_METRICS = 1000;

/** Most characters of a metric's name. */
const MAX_NAME_LENGTH = 300;

/** A metric of one run. Rounds are from 1. */
export interface RunMetric {
  readonly final: number;
  readonly finalRound: number;
  readonly min: number;
  readonly minRound: number;
  readonly max: number;
  readonly maxRound: number;
}

/** The metrics of one run, by name: "evaluate/accuracy". */
export type RunMetrics = ReadonlyMap<string, RunMetric>;

/**
 * Reads the metrics of a run's last strategy from its history.json. The file comes from an app.
 *
 * @throws FlwrError "data-loss" that says what is wrong
 */
export function readHistory(bytes: Uint8Array): RunMetrics {
  try {
    const history = fieldsOf(JSON.parse(new TextDecoder().decode(bytes)), "It");
    const { format, version } = history;
    if (format !== "flwr-history") throw malformed("it is not of this format");
    if (version !== 1) throw malformed("it is of a newer version of flwr");
    const last = listOf(history["strategies"], "Strategies", 1000).at(-1);
    if (last === undefined) return new Map();
    return readMetrics(fieldsOf(last, "Strategy")["metrics"]);
  } catch (cause) {
    throw malformed(cause instanceof FlwrError ? cause.message : "it is not JSON", cause);
  }
}

/** Reads metrics by name, as history.json has them. @throws FlwrError "invalid-argument" */
export function readMetrics(value: unknown): RunMetrics {
  const metrics = Object.entries(fieldsOf(value, "Metrics"));
  if (metrics.length > MAX_METRICS) {
    throw new FlwrError(
      "invalid-argument",
      `A run may have ${MAX_METRICS} metrics: it has ${metrics.length}`,
    );
  }
  return new Map(metrics.map(([name, range]) => {
    const fields = fieldsOf(range, "Metric");
    const number = (key: string) => numberOf(fields[key]);
    const round = (key: string) => integerOf(fields[key], "Round", 0, Number.MAX_SAFE_INTEGER);
    return [textOf(name, "Name", MAX_NAME_LENGTH), {
      final: number("final"),
      finalRound: round("final-round"),
      min: number("min"),
      minRound: round("min-round"),
      max: number("max"),
      maxRound: round("max-round"),
    }];
  }));
}

/** Metrics as history.json has them. */
export function metricsJson(metrics: RunMetrics): Record<string, unknown> {
  return Object.fromEntries(Array.from(metrics, ([name, metric]) => [name, {
    final: numberJson(metric.final),
    "final-round": metric.finalRound,
    min: numberJson(metric.min),
    "min-round": metric.minRound,
    max: numberJson(metric.max),
    "max-round": metric.maxRound,
  }]));
}

/** A number as JSON: a text if JSON does not have it. */
export function numberJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** Reads a number, or its text if JSON cannot represent it. */
function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "string" && /^(NaN|-?Infinity|-?\d{1,20})$/.test(value)) {
    return Number(value);
  }
  throw new FlwrError("invalid-argument", "A metric's value must be a number");
}

function malformed(reason: string, cause?: unknown): FlwrError {
  if (cause instanceof FlwrError && cause.code === "data-loss") return cause;
  return new FlwrError("data-loss", `The run's history.json cannot be read: ${reason}`, { cause });
}
