import type { JournalMetrics, JsonNumber } from "../../../entities/journal.ts";
import type { RunPhase, RunRound } from "../../../entities/run_rounds.ts";

/** Where a number comes from: the ServerApp's aggregate or a node's reply of a phase, the ServerApp itself, or a clock. */
export type MetricSource = "train" | "evaluate" | "server" | "privacy" | "time";

/** One number of a run. */
export interface MetricRow {
  /** Number of the strategy among those of the run, from 1. */
  readonly strategy: number;
  /** Round 0 is before the first round. */
  readonly round: number;
  readonly source: MetricSource;
  /** The node whose number it is; undefined for an aggregate, and for the ServerApp's own. */
  readonly nodeId?: bigint;
  readonly metric: string;
  readonly value: JsonNumber;
  /** Unix time in seconds. */
  readonly at: number;
}

/** The numbers of rounds, in order. Durations have the source "time", and the name of the phase or "round". */
export function metricRows(rounds: readonly RunRound[]): MetricRow[] {
  return rounds.flatMap((round) => {
    const { strategy, round: number, at, seconds, train, evaluate, server, privacy } = round;
    const common = { strategy, round: number };
    const rowsOf = (source: MetricSource, at: number, metrics: JournalMetrics = {}, node = {}) =>
      Object.entries(metrics).map(([metric, value]): MetricRow => ({
        ...common,
        source,
        ...node,
        metric,
        value,
        at,
      }));
    const phases = [train, evaluate].filter((phase): phase is RunPhase => phase !== undefined);
    return [
      ...phases.flatMap(({ phase, at, metrics, nodes }) => [
        ...rowsOf(phase, at, metrics),
        ...nodes.flatMap(({ nodeId, at, metrics }) => rowsOf(phase, at, metrics, { nodeId })),
      ]),
      ...rowsOf("server", at, server),
      ...rowsOf("privacy", at, privacy),
      ...phases.flatMap(({ phase, at, seconds }) =>
        seconds === undefined ? [] : rowsOf("time", at, { [phase]: seconds })
      ),
      ...seconds === undefined ? [] : rowsOf("time", at, { round: seconds }),
    ];
  });
}
