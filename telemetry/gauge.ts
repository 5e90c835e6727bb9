import type { Metric, MetricInfo, Sample } from "./metric.ts";

/** A value of a gauge with its labels. */
export interface GaugeValue {
  /** In the order of the family's labels; default: none. */
  readonly labels?: readonly string[];
  readonly value: number;
}

/** A value that rises and falls. It is read when it is scraped. */
export class Gauge implements Metric {
  readonly type = "gauge";
  readonly #read: () => Iterable<GaugeValue>;

  /** @param read returns the values of now. Their number must be bounded, and no two may have the same labels */
  constructor(readonly info: MetricInfo, read: () => Iterable<GaugeValue>) {
    this.#read = read;
  }

  *samples(): Iterable<Sample> {
    for (const { labels = [], value } of this.#read()) yield { suffix: "", labels, value };
  }
}

/** The value of a gauge without labels; no value if it is undefined. */
export function single(value: number | undefined): GaugeValue[] {
  return value === undefined ? [] : [{ value }];
}
