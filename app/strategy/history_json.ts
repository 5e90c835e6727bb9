import type { NodeId } from "../../entities/metadata.ts";
import type { MetricRecord } from "../metric_record.ts";
import type { PhaseShare } from "../contributions.ts";
import type { PhaseRecord, Result, RoundRecord } from "../result.ts";

/**
 * A value of {@link HistoryJson}'s metrics: a number; a string for numbers that JSON cannot represent (NaN, 2⁶⁰); a
 * list.
 */
export type JsonMetric = number | string | (number | string)[];

/** A phase as JSON. Ids are strings because JSON's numbers do not have 64 bits. */
export interface PhaseJson {
  /** The nodes that were asked. */
  "node-ids": string[];
  /** Number of online nodes from which the nodes were chosen. */
  available: number;
  /** The nodes whose replies went into the aggregate. */
  results: string[];
  /** The replies that were not aggregated, with the reason. */
  failures: { "node-id": string; name?: string; code?: number; reason: string }[];
  /** Whether the replies were aggregated. */
  aggregated: boolean;
  /** The aggregate of the replies' metrics. */
  metrics?: { [name: string]: JsonMetric };
  /** Duration in seconds. */
  seconds: number;
}

/** A round as JSON. */
export interface RoundJson {
  /** Number of the round, from 1. */
  round: number;
  /** Absent if no node was asked to train. */
  train?: PhaseJson;
  /** Absent if no node was asked to evaluate. */
  evaluate?: PhaseJson;
  /** Metrics of the ServerApp's evaluation after the round. */
  "server-metrics"?: { [name: string]: JsonMetric };
  /** Duration in seconds. */
  seconds: number;
}

/** A run's history as JSON. */
export interface HistoryJson {
  /** Duration of the run in seconds. */
  seconds: number;
  /** Metrics of the ServerApp's evaluation before the first round. */
  "initial-server-metrics"?: { [name: string]: JsonMetric };
  /** The rounds, in order. */
  rounds: RoundJson[];
  /** True when `stopWhen` or the strategy ended the run before its last round; absent otherwise. */
  "stopped-early"?: true;
  /** The strategy's reason to end the run, for example a privacy budget; absent otherwise. */
  "stop-reason"?: string;
  /** The contribution of each node. */
  nodes: NodeJson[];
}

/** The contribution of a node to a run, as JSON. */
export interface NodeJson {
  /** The node's id. */
  "node-id": string;
  /** The node's name; absent if it has none. */
  name?: string;
  /** Rounds in which it was asked. */
  asked: number;
  /** Rounds in which a reply of the node was aggregated. */
  contributed: number;
  /** Its training. */
  train: PhaseShare;
  /** Its evaluation. */
  evaluate: PhaseShare;
  /** Its last failure. */
  "last-failure"?: { round: number; phase: string; code?: number; reason: string };
}

/** Returns the name of a node; undefined if it has none. */
type NameOf = (nodeId: NodeId) => string | undefined;

/**
 * Converts the history of a run to JSON, without the model. `JSON.stringify` omits fields that are undefined.
 *
 * @param result the result of the run
 * @param nameOf returns the name of a node, as `(nodeId) => grid.nodeName(nodeId)` (default: no names)
 */
export function historyToJson(
  result: Result,
  nameOf: (nodeId: NodeId) => string | undefined = () => undefined,
): HistoryJson {
  return {
    seconds: result.seconds,
    "initial-server-metrics": metricsToJson(result.initialServerMetrics),
    rounds: result.rounds.map((record) => roundToJson(record, nameOf)),
    ...(result.stoppedEarly && { "stopped-early": true }),
    ...(result.stopReason !== undefined && { "stop-reason": result.stopReason }),
    nodes: result.contributions.map(({ nodeId, lastFailure, ...shares }) => ({
      ...nodeToJson(nodeId, nameOf),
      ...shares,
      ...(lastFailure !== undefined && {
        "last-failure": {
          round: lastFailure.round,
          phase: lastFailure.phase,
          code: lastFailure.code,
          reason: lastFailure.reason,
        },
      }),
    })),
  };
}

function nodeToJson(nodeId: NodeId, nameOf: NameOf): { "node-id": string; name?: string } {
  const name = nameOf(nodeId);
  return { "node-id": String(nodeId), ...(name !== undefined && { name }) };
}

function roundToJson(record: RoundRecord, nameOf: NameOf): RoundJson {
  return {
    round: record.round,
    train: record.train && phaseToJson(record.train, nameOf),
    evaluate: record.evaluate && phaseToJson(record.evaluate, nameOf),
    "server-metrics": metricsToJson(record.serverMetrics),
    seconds: record.seconds,
  };
}

function phaseToJson(phase: PhaseRecord, nameOf: NameOf): PhaseJson {
  return {
    "node-ids": phase.nodeIds.map(String),
    available: phase.available,
    results: phase.results.map(String),
    failures: phase.failures.map(({ nodeId, code, reason }) => ({
      ...nodeToJson(nodeId, nameOf),
      code,
      reason,
    })),
    aggregated: phase.aggregated,
    metrics: metricsToJson(phase.metrics),
    seconds: phase.seconds,
  };
}

/** Converts metrics to JSON. */
export function metricsToJson(
  metrics: MetricRecord | undefined,
): { [name: string]: JsonMetric } | undefined {
  if (metrics === undefined) return undefined;
  const json = [...metrics].map(([name, value]) =>
    [name, Array.isArray(value) ? value.map(numberToJson) : numberToJson(value)] as const
  );
  return Object.fromEntries(json);
}

/** Converts a number to JSON: to a string if JSON cannot represent it. */
export function numberToJson(value: number | bigint): number | string {
  return typeof value === "number" && Number.isFinite(value) ? value : String(value);
}
