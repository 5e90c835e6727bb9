import { type Metric, type MetricInfo, OTHER, type Sample } from "../../../telemetry/metric.ts";
import { SeriesMap } from "../../../telemetry/series_map.ts";

/** Methods with a series of successful calls: more than are in use at a time. */
const MAX_METHODS = 60;

/** Pairs of a method and an error. Strangers can cause many, so they have a limit of their own. */
const MAX_FAILURES = 40;

/** Code of a successful call. */
const OK = "ok";

/**
 * Counts calls by API, method and code. Failures beyond a limit are counted together, and take no series from successful
 * calls.
 */
export class CallCounter implements Metric {
  readonly type = "counter";
  readonly info: MetricInfo = {
    name: "flwr_calls",
    help: "Calls by API, method and result; the result is ok or the code of the error",
    labels: ["api", "method", "code"],
  };
  readonly #succeeded = new SeriesMap(() => ({ value: 0 }), MAX_METHODS, () => [OTHER, OTHER, OK]);
  readonly #failed = new SeriesMap(() => ({ value: 0 }), MAX_FAILURES);

  /** Counts a successful call. */
  succeeded(api: string, method: string): void {
    this.#succeeded.of([api, method, OK]).value++;
  }

  /** Counts a call that failed. */
  failed(api: string, method: string, code: string): void {
    this.#failed.of([api, method, code]).value++;
  }

  *samples(): Iterable<Sample> {
    for (const series of [this.#succeeded, this.#failed]) {
      for (const { labels, state: { value } } of series.entries()) {
        yield { suffix: "_total", labels, value };
      }
    }
  }
}
