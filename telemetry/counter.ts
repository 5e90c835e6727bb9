import type { Metric, MetricInfo, Sample } from "./metric.ts";
import { SeriesMap } from "./series_map.ts";

/** A number of events since the start of the process. It only grows. */
export class Counter implements Metric {
  readonly type = "counter";
  readonly #series: SeriesMap<{ value: number }>;

  /** @param limit see {@link SeriesMap} */
  constructor(readonly info: MetricInfo, limit?: number) {
    this.#series = new SeriesMap(() => ({ value: 0 }), limit);
    // Without labels the only series exists from the start, so that its first increase can be seen.
    if ((info.labels ?? []).length === 0) this.#series.of([]);
  }

  /** Lets a series exist with the value 0, so that its first increase can be seen. */
  declare(...labels: string[]): this {
    this.#series.of(labels);
    return this;
  }

  /** @param amount at least 0; default 1 */
  add(labels: readonly string[] = [], amount = 1): void {
    this.#series.of(labels).value += amount;
  }

  *samples(): Iterable<Sample> {
    for (const { labels, state: { value } } of this.#series.entries()) {
      yield { suffix: "_total", labels, value };
    }
  }
}
