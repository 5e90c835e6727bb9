/** Type of a metric family in the OpenMetrics format. */
export type MetricType = "counter" | "gauge" | "histogram";

/** Name and meaning of a metric family. */
export interface MetricInfo {
  /** Name of the family, in snake case. A counter's does not end in "_total": the format adds that. */
  readonly name: string;
  /** What it counts or measures, as one sentence without a full stop. */
  readonly help: string;
  /** Names of its labels; default: none. */
  readonly labels?: readonly string[];
}

/** One series of a family with its value. */
export interface Sample {
  /** Added to the family's name: "_total", "_bucket", "_sum", "_count" or "". */
  readonly suffix: string;
  /** Values of the family's labels, in their order. */
  readonly labels: readonly string[];
  /** Upper bound of a histogram's bucket. */
  readonly le?: number;
  readonly value: number;
}

/** A metric family: values of one kind that differ in their labels. */
export interface Metric {
  readonly type: MetricType;
  readonly info: MetricInfo;
  samples(): Iterable<Sample>;
}

/** Value of every label of the series that takes what exceeds the limit of a family. */
export const OTHER = "other";

/** Series of one family, if it has no limit of its own. */
export const MAX_SERIES = 32;
