import process from "node:process";
import { VERSION } from "../base/version.ts";
import { Gauge, single } from "./gauge.ts";
import type { Metric, MetricInfo, Sample } from "./metric.ts";

/** Milliseconds between two measurements of the event loop's delay. */
const LOOK_MS = 500;

/** Metrics of this process, with a timer until they are disposed of. */
export interface ProcessMetrics extends Disposable {
  readonly metrics: readonly Metric[];
}

/**
 * Starts to measure this process: version, CPU time, memory, open file descriptors, and how late the event loop is.
 * Names and units are those of Prometheus' client libraries.
 */
export function measureProcess(): ProcessMetrics {
  let expected = performance.now() + LOOK_MS;
  let worst = 0;
  let last = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    last = Math.max(0, now - expected) / 1000;
    worst = Math.max(worst, last);
    expected = now + LOOK_MS;
  }, LOOK_MS);
  Deno.unrefTimer(timer);
  const start = (performance.timeOrigin) / 1000;
  const memory = () => Deno.memoryUsage();
  return {
    metrics: [
      new Gauge({
        name: "flwr_build_info",
        help: "Version of this program and of Deno; the value is always 1",
        labels: ["version", "deno"],
      }, () => [{ labels: [VERSION, Deno.version.deno], value: 1 }]),
      new Elapsed({
        name: "process_cpu_seconds",
        help: "CPU time of this process, of user and system",
      }, () => cpuSeconds()),
      new Gauge({
        name: "process_start_time_seconds",
        help: "Unix time at which this process started",
      }, () => single(start)),
      new Gauge({
        name: "process_resident_memory_bytes",
        help: "Resident memory of this process",
      }, () => single(memory().rss)),
      new Gauge(
        { name: "process_heap_bytes", help: "Used memory of V8's heap" },
        () => single(memory().heapUsed),
      ),
      new Gauge({
        name: "process_open_fds",
        help: "Number of open file descriptors of this process; only on Linux",
      }, () => single(openFiles())),
      new Gauge({
        name: "flwr_event_loop_lag_seconds",
        help: "Delay of the main thread's timers at the last measurement",
      }, () => single(last)),
      new Gauge({
        name: "flwr_event_loop_lag_max_seconds",
        help: "Longest delay of the main thread's timers since the last collection",
      }, () => {
        const longest = worst;
        worst = last;
        return single(longest);
      }),
    ],
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** A counter whose value the system keeps. */
class Elapsed implements Metric {
  readonly type = "counter";
  readonly #read: () => number;

  constructor(readonly info: MetricInfo, read: () => number) {
    this.#read = read;
  }

  samples(): Sample[] {
    return [{ suffix: "_total", labels: [], value: this.#read() }];
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function openFiles(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return undefined;
  }
}
