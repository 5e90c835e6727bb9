import type { PrivacyReport } from "../events.ts";
import type { MetricRecord } from "../metric_record.ts";
import type { RoundRecord } from "../result.ts";
import { numberToJson } from "../strategy/history_json.ts";
import type { MetricRange } from "./run_history.ts";

/** The privacy loss by round. */
export type PrivacyByRound = ReadonlyMap<number, PrivacyReport>;

/** The last, the smallest and the largest value so far, with their rounds. */
interface Range {
  final: Value;
  min: Value;
  max: Value;
}

interface Value {
  readonly value: number | bigint;
  readonly round: number;
}

/** Summarises each metric that is one number over all rounds. Lists are left out: they have no order. */
export function metricRanges(
  rounds: readonly RoundRecord[],
  privacy: PrivacyByRound,
): { [name: string]: MetricRange } {
  const ranges = new Map<string, Range>();
  for (const record of rounds) {
    for (const [name, value] of scalarsOf(record, privacy)) {
      const measured = { value, round: record.round };
      const range = ranges.get(name);
      if (range === undefined) {
        ranges.set(name, { final: measured, min: measured, max: measured });
        continue;
      }
      range.final = measured;
      if (value < range.min.value || replacesNaN(range.min, value)) range.min = measured;
      if (value > range.max.value || replacesNaN(range.max, value)) range.max = measured;
    }
  }
  // Sorted, so that the order does not depend on which metric came first.
  return Object.fromEntries(
    [...ranges].sort(([a], [b]) => a < b ? -1 : 1).map(([name, range]) => [name, toJson(range)]),
  );
}

/** Whether a value takes the place of NaN, with which comparisons are false. */
function replacesNaN(before: Value, value: number | bigint): boolean {
  return Number.isNaN(before.value) && !Number.isNaN(value);
}

function* scalarsOf(
  { round, train, evaluate, serverMetrics }: RoundRecord,
  privacy: PrivacyByRound,
): Generator<readonly [string, number | bigint]> {
  yield* named("train", train?.metrics);
  yield* named("evaluate", evaluate?.metrics);
  yield* named("server", serverMetrics);
  const loss = privacy.get(round);
  if (loss !== undefined) yield ["privacy/epsilon", loss.epsilon];
}

function* named(
  phase: string,
  metrics: MetricRecord | undefined,
): Generator<readonly [string, number | bigint]> {
  for (const [name, value] of metrics ?? []) {
    if (!Array.isArray(value)) yield [`${phase}/${name}`, value];
  }
}

function toJson({ final, min, max }: Range): MetricRange {
  return {
    final: numberToJson(final.value),
    "final-round": final.round,
    min: numberToJson(min.value),
    "min-round": min.round,
    max: numberToJson(max.value),
    "max-round": max.round,
  };
}
