import type { ConfigRecord } from "../config_record.ts";
import type { PrivacyReport, ProgressEvent } from "../events.ts";
import type { Grid } from "../grid.ts";
import type { MetricRecord } from "../metric_record.ts";
import type { Failure, PhaseRecord, Result, RoundRecord } from "../result.ts";
import { metricsToJson, numberToJson } from "../strategy/history_json.ts";
import { metricRanges } from "./metric_ranges.ts";
import type {
  HistoryPhase,
  HistoryReason,
  HistoryRound,
  RunHistory,
  SettingJson,
  StrategyHistory,
} from "./run_history.ts";

/** Most reasons of failures of a phase. */
const MAX_REASONS = 5;

/** Most characters of a reason. */
const MAX_REASON_CHARS = 500;

/** A strategy that was started. */
interface Started {
  readonly strategy: string;
  readonly numRounds: number;
  readonly rounds: RoundRecord[];
  readonly privacy: Map<number, PrivacyReport>;
  initialServerMetrics?: MetricRecord;
  result?: Result;
}

/** Records the history of a run from the events of its grid. */
export class HistoryRecorder {
  readonly #grid: Grid;
  readonly #started: Started[] = [];

  constructor(grid: Grid) {
    this.#grid = grid;
    grid.subscribe((event) => this.#record(event));
  }

  /** Whether the ServerApp has started no strategy, so that there is nothing to save. */
  get isEmpty(): boolean {
    return this.#started.length === 0;
  }

  /** The history so far. @param error why the ServerApp failed (default: it did not) */
  toJson(runConfig: ConfigRecord, error?: string): RunHistory {
    return {
      format: "flwr-history",
      version: 1,
      "run-id": String(this.#grid.runId),
      "run-config": configToJson(runConfig),
      success: error === undefined,
      ...(error !== undefined && { error }),
      strategies: this.#started.map((started) => this.#strategyToJson(started)),
    };
  }

  #record(event: ProgressEvent): void {
    if (event.type === "strategy-started") {
      const { strategy, numRounds } = event;
      this.#started.push({ strategy, numRounds, rounds: [], privacy: new Map() });
      return;
    }
    // Strategies of one ServerApp usually run one after the other. Of those that run at the same time, the result of each
    // is complete once it has finished.
    const current = this.#started.findLast(({ result }) => result === undefined);
    if (current === undefined) return;
    switch (event.type) {
      case "server-evaluated":
        if (event.round === 0) current.initialServerMetrics = event.metrics;
        return;
      case "privacy-spent":
        current.privacy.set(event.round, event.privacy);
        return;
      case "round-finished":
        current.rounds.push(event.record);
        return;
      case "strategy-finished":
        current.result = event.result;
        return;
    }
  }

  #strategyToJson(started: Started): StrategyHistory {
    const { strategy, numRounds, privacy, result } = started;
    const { rounds, initialServerMetrics } = result ?? started;
    return {
      strategy,
      "num-rounds": numRounds,
      finished: result !== undefined,
      ...(result?.stoppedEarly && { "stopped-early": true }),
      ...(result?.stopReason !== undefined && { "stop-reason": result.stopReason }),
      ...(result && { seconds: result.seconds }),
      "initial-server-metrics": metricsToJson(initialServerMetrics),
      metrics: metricRanges(rounds, privacy),
      rounds: rounds.map((record) => this.#roundToJson(record, privacy.get(record.round))),
    };
  }

  #roundToJson(record: RoundRecord, privacy: PrivacyReport | undefined): HistoryRound {
    return {
      round: record.round,
      train: record.train && this.#phaseToJson(record.train),
      evaluate: record.evaluate && this.#phaseToJson(record.evaluate),
      "server-metrics": metricsToJson(record.serverMetrics),
      ...(privacy && {
        privacy: { epsilon: numberToJson(privacy.epsilon), delta: numberToJson(privacy.delta) },
      }),
      seconds: record.seconds,
    };
  }

  #phaseToJson({ nodeIds, results, failures, ...phase }: PhaseRecord): HistoryPhase {
    return {
      asked: nodeIds.length,
      available: phase.available,
      results: results.length,
      failures: failures.length,
      ...(failures.length > 0 && { reasons: this.#reasonsOf(failures) }),
      aggregated: phase.aggregated,
      metrics: metricsToJson(phase.metrics),
      seconds: phase.seconds,
    };
  }

  #reasonsOf(failures: readonly Failure[]): HistoryReason[] {
    const byReason = Map.groupBy(failures, ({ reason }) => reason.slice(0, MAX_REASON_CHARS));
    return [...byReason].sort(([, a], [, b]) => b.length - a.length).slice(0, MAX_REASONS)
      .map(([reason, those]) => {
        const { nodeId } = those[0]!;
        const name = this.#grid.nodeName(nodeId);
        return {
          reason,
          count: those.length,
          "node-id": String(nodeId),
          ...(name !== undefined && { name }),
        };
      });
  }
}

/** Settings as JSON. Bytes, which settings of a run cannot be, are left out. */
function configToJson(config: ConfigRecord): { [name: string]: SettingJson } {
  const settings: [string, SettingJson][] = [];
  for (const [name, value] of config) {
    if (Array.isArray(value)) {
      const items = value.filter((item) => typeof item !== "object");
      settings.push([name, items.map(settingToJson)]);
    } else if (!(value instanceof Uint8Array)) settings.push([name, settingToJson(value)]);
  }
  return Object.fromEntries(settings);
}

function settingToJson(value: boolean | number | bigint | string): boolean | number | string {
  return typeof value === "boolean" || typeof value === "string" ? value : numberToJson(value);
}
