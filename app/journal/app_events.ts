import type { AppEvent, JournalMetrics, JournalPhase, JsonNumber } from "../../entities/journal.ts";
import { type Contribution, isSilent } from "../contributions.ts";
import type { ProgressEvent } from "../events.ts";
import type { MetricRecord } from "../metric_record.ts";

/** Longest reason and name of an event, in UTF-16 code units. */
const TEXT_LENGTH = 300;
/** Most metrics, and the longest name of one; a SuperLink refuses more. */
const MAX_METRICS = 100;
const MAX_METRIC_NAME = 100;
/** Most nodes of a phase, and of a strategy's end, that have an event each: a simulation may have 100,000. */
const MAX_NODES = 1000;

/** Converts the progress of a run to events of the journal. */
export class AppEvents {
  #round: number | undefined;
  #phase: { readonly round: number; readonly phase: JournalPhase } | undefined;
  /** Number of replies in the phase. */
  #replies = 0;
  #waiting: { readonly online: number; readonly needed: number } | undefined;

  /** The events of a progress event. */
  of(event: ProgressEvent): AppEvent[] {
    switch (event.type) {
      case "waiting-for-nodes": {
        const { online, needed } = event;
        // It is repeated while nothing changes.
        if (this.#waiting?.online === online && this.#waiting.needed === needed) return [];
        this.#waiting = { online, needed };
        return [{ kind: event.type, data: { online, needed } }];
      }
      case "strategy-started": {
        const { strategy, numRounds: rounds } = event;
        return [{ kind: event.type, data: { strategy: short(strategy), rounds } }];
      }
      case "resumed": {
        const { round, numRounds: rounds } = event;
        return [{ kind: "strategy-resumed", data: { round, rounds } }];
      }
      case "round-started": {
        const { round, numRounds: rounds } = event;
        this.#round = round;
        this.#replies = 0;
        this.#waiting = undefined;
        return [{ kind: event.type, data: { round, rounds } }];
      }
      case "phase-started": {
        const { round, phase, nodeIds: { length: asked }, available } = event;
        this.#phase = { round, phase };
        this.#replies = 0;
        return [{ kind: event.type, data: { round, phase, asked, available } }];
      }
      case "reply":
        return this.#ofReply(event);
      case "phase-finished": {
        this.#phase = undefined;
        const { round, phase: { phase, seconds, results, failures, aggregated, metrics } } = event;
        const [used, lost] = [results.length, failures.length];
        const counts = { results: used, failures: lost, aggregated, ...metricsOf(metrics) };
        return [{
          kind: event.type,
          data: { round, phase, seconds: positive(seconds), ...counts },
        }];
      }
      case "server-evaluated": {
        const { round, metrics, seconds } = event;
        const data = { round, seconds: positive(seconds), metrics: journalMetrics(metrics) };
        return [{ kind: event.type, data }];
      }
      case "round-finished": {
        this.#round = this.#phase = undefined;
        const { round, seconds } = event.record;
        return [{ kind: event.type, data: { round, seconds: positive(seconds) } }];
      }
      case "privacy-spent": {
        const { round, privacy: { epsilon, delta } } = event;
        const data = { round, epsilon: jsonNumber(epsilon), delta: jsonNumber(delta) };
        return [{ kind: event.type, data }];
      }
      case "stopped-early": {
        const { round, numRounds: rounds, reason } = event;
        const why = reason === undefined ? {} : { reason: short(reason) };
        return [{ kind: event.type, data: { round, rounds, ...why } }];
      }
      case "strategy-finished": {
        const { rounds: { length: rounds }, seconds, contributions } = event.result;
        return [
          ...contributed(contributions),
          { kind: event.type, data: { rounds, seconds: positive(seconds) } },
        ];
      }
      default:
        // In the log.
        return [];
    }
  }

  #ofReply(
    { messageType, nodeId, seconds, metrics, error }: ProgressEvent & { readonly type: "reply" },
  ): AppEvent[] {
    if (++this.#replies > MAX_NODES) return [];
    // A strategy that does not wait for all nodes has no phases.
    const [base] = messageType.split(".", 1);
    const current = this.#phase ?? (this.#round === undefined ? {} : {
      round: this.#round,
      ...((base === "train" || base === "evaluate") && { phase: base }),
    });
    return [{
      kind: "node-replied",
      nodeId,
      data: {
        ...current,
        messageType: short(messageType),
        seconds: positive(seconds),
        ...metricsOf(metrics),
        ...(error !== undefined && { error: { code: error.code, reason: short(error.reason) } }),
      },
    }];
  }
}

/** What each node contributed; of many nodes first those that lack something. */
function contributed(contributions: readonly Contribution[]): AppEvent[] {
  const silent = contributions.filter(isSilent);
  const others = contributions.filter((contribution) => !isSilent(contribution));
  return [...silent, ...others].slice(0, MAX_NODES).map(
    ({ nodeId, asked, contributed, train, evaluate, lastFailure }): AppEvent => ({
      kind: "node-contributed",
      nodeId,
      data: {
        asked,
        contributed,
        train,
        evaluate,
        ...(lastFailure !== undefined && {
          lastError: {
            round: lastFailure.round,
            phase: lastFailure.phase,
            reason: short(lastFailure.reason),
          },
        }),
      },
    }),
  );
}

function metricsOf(metrics: MetricRecord | undefined): { readonly metrics?: JournalMetrics } {
  return metrics === undefined || metrics.size === 0 ? {} : { metrics: journalMetrics(metrics) };
}

/** The metrics that are one number each. */
function journalMetrics(metrics: MetricRecord): JournalMetrics {
  const single: [string, JsonNumber][] = [];
  for (const [name, value] of metrics) {
    if (Array.isArray(value) || name.length > MAX_METRIC_NAME) continue;
    if (single.length < MAX_METRICS) single.push([name, jsonNumber(Number(value))]);
  }
  return Object.fromEntries(single);
}

function jsonNumber(value: number): JsonNumber {
  return Number.isFinite(value) ? value : String(value) as JsonNumber;
}

/** A duration: clocks can be set back meanwhile. */
function positive(seconds: number): number {
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

function short(text: string): string {
  return text.slice(0, TEXT_LENGTH);
}
