import type { Metrics, MetricValue, PhaseName, RoundRow, Rounds } from "../model/rounds.ts";

/** A metric that has a chart. */
export interface ShownMetric {
  readonly name: string;
  readonly source: PhaseName | "server";
  /** "accuracy, evaluation". */
  readonly title: string;
  /** One per round; null: none. */
  readonly values: readonly (number | null)[];
}

/** Charts of one run, at most. */
const MAX_METRICS = 12;

const SOURCE_TEXTS = { evaluate: "evaluation", server: "server", train: "training" } as const;

/** The metrics of a run's rounds: first those of evaluation, because they say how good the model is. */
export function shownMetrics({ rounds }: Rounds): ShownMetric[] {
  const sources = ["server", "evaluate", "train"] as const;
  return sources.flatMap((source) => {
    const found = rounds.map((round) => metricsOf(round, source));
    const names = [...new Set(found.flatMap((metrics) => Object.keys(metrics ?? {})))].sort();
    return names.map((name) => ({
      name,
      source,
      title: `${name}, ${SOURCE_TEXTS[source]}`,
      values: found.map((metrics) => numberOf(metrics?.[name])),
    }));
  }).slice(0, MAX_METRICS);
}

/** A value for a chart. NaN and infinities have no place there. */
export function numberOf(value: MetricValue | null | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function metricsOf(round: RoundRow, source: ShownMetric["source"]): Metrics | undefined {
  if (source === "server") return round.server;
  return round.phases.find(({ phase }) => phase === source)?.metrics;
}
