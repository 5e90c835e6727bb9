import type { Metric, MetricInfo, Sample } from "./metric.ts";
import { SeriesMap } from "./series_map.ts";

/** Number of buckets of a histogram, the unbounded one included. */
export const MAX_BUCKETS = 12;

interface Distribution {
  /** Observations in each bucket alone; the last is unbounded. */
  readonly counts: Float64Array;
  sum: number;
}

/** Counts observations by size. Its name ends in its unit, such as "_seconds". */
export class Histogram implements Metric {
  readonly type = "histogram";
  readonly #bounds: readonly number[];
  readonly #series: SeriesMap<Distribution>;

  /**
   * @param bounds upper bounds of the buckets, ascending, at most {@link MAX_BUCKETS} - 1
   * @param limit see {@link SeriesMap}
   */
  constructor(readonly info: MetricInfo, bounds: readonly number[], limit?: number) {
    if (bounds.length >= MAX_BUCKETS) throw new Error(`${info.name} has too many buckets`);
    this.#bounds = bounds;
    this.#series = new SeriesMap<Distribution>(
      () => ({ counts: new Float64Array(bounds.length + 1), sum: 0 }),
      limit,
    );
  }

  /** Adds an observation. One that is not a finite number is left out, and a negative one counts as 0. */
  observe(labels: readonly string[], value: number): void {
    if (!Number.isFinite(value)) return;
    const seen = Math.max(0, value);
    const distribution = this.#series.of(labels);
    let bucket = 0;
    while (bucket < this.#bounds.length && seen > this.#bounds[bucket]!) bucket++;
    distribution.counts[bucket]!++;
    distribution.sum += seen;
  }

  *samples(): Iterable<Sample> {
    for (const { labels, state: { counts, sum } } of this.#series.entries()) {
      let count = 0;
      for (const [bucket, more] of counts.entries()) {
        count += more;
        yield { suffix: "_bucket", labels, le: this.#bounds[bucket] ?? Infinity, value: count };
      }
      yield { suffix: "_sum", labels, value: sum };
      yield { suffix: "_count", labels, value: count };
    }
  }
}
