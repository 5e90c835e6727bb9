import { FlwrError } from "../../base/error.ts";
import { ConfigRecord } from "../config_record.ts";
import type { MetricRecord } from "../metric_record.ts";
import { isMetricRecord, type RecordDict } from "../record_dict.ts";
import type { Failure, PhaseName, PhaseRecord, RoundRecord } from "../result.ts";

/** Name of the record with the rounds. Metrics of round n are in "round-n/train" and so on. */
const HISTORY = "history";

/** Adds the history of a run to a checkpoint: metrics as records, which keep their types, and the rest as JSON. */
export function addHistory(records: RecordDict, rounds: readonly RoundRecord[]): void {
  const history = new ConfigRecord();
  for (const record of rounds) {
    const { round, train, evaluate, serverMetrics } = record;
    history.set(String(round), textOf(record));
    addMetrics(records, `round-${round}/train`, train?.metrics);
    addMetrics(records, `round-${round}/evaluate`, evaluate?.metrics);
    addMetrics(records, `round-${round}/server`, serverMetrics);
  }
  records.set(HISTORY, history);
}

/** The texts of rounds: each checkpoint has those of all rounds so far, which do not change. */
const texts = new WeakMap<RoundRecord, string>();

/** A round as JSON, without its metrics. */
function textOf(record: RoundRecord): string {
  const { train, evaluate, seconds } = record;
  const text = texts.get(record) ??
    JSON.stringify({ seconds, train: phaseToJson(train), evaluate: phaseToJson(evaluate) });
  texts.set(record, text);
  return text;
}

/** Reads the history of {@link addHistory}. @throws FlwrError "data-loss" when it is malformed */
export function readHistory(records: RecordDict): RoundRecord[] {
  return [...records.configRecord(HISTORY)].map(([name, text], place) => {
    const round = place + 1;
    if (name !== String(round) || typeof text !== "string") throw malformed(round);
    try {
      const { seconds, train, evaluate } = JSON.parse(text);
      return {
        round,
        train: phaseFromJson("train", train, metricsOf(records, `round-${round}/train`)),
        evaluate: phaseFromJson(
          "evaluate",
          evaluate,
          metricsOf(records, `round-${round}/evaluate`),
        ),
        serverMetrics: metricsOf(records, `round-${round}/server`),
        seconds: finite(seconds),
      };
    } catch (cause) {
      throw malformed(round, cause);
    }
  });
}

/** Adds metrics, if there are any. */
export function addMetrics(
  records: RecordDict,
  name: string,
  metrics: MetricRecord | undefined,
): void {
  if (metrics !== undefined) records.set(name, metrics);
}

/** The metrics with a name; undefined if there are none. */
export function metricsOf(records: RecordDict, name: string): MetricRecord | undefined {
  const record = records.get(name);
  return isMetricRecord(record) ? record : undefined;
}

function phaseToJson(phase: PhaseRecord | undefined): object | undefined {
  if (phase === undefined) return undefined;
  const { nodeIds, available, results, failures, aggregated, seconds } = phase;
  return {
    nodeIds: nodeIds.map(String),
    available,
    results: results.map(String),
    failures: failures.map((failure) => ({ ...failure, nodeId: String(failure.nodeId) })),
    aggregated,
    seconds,
  };
}

// deno-lint-ignore no-explicit-any -- parsed JSON, whose fields are checked one by one
function phaseFromJson(phase: PhaseName, json: any, metrics: MetricRecord | undefined) {
  if (json === undefined) return undefined;
  const record: PhaseRecord = {
    phase,
    nodeIds: json.nodeIds.map(nodeId),
    available: finite(json.available),
    results: json.results.map(nodeId),
    failures: json.failures.map(failure),
    metrics,
    aggregated: json.aggregated === true,
    seconds: finite(json.seconds),
  };
  return record;
}

function failure(
  json: { nodeId: unknown; code?: unknown; reason: unknown },
): Failure {
  return {
    nodeId: nodeId(json.nodeId),
    ...(json.code !== undefined && { code: finite(json.code) }),
    reason: String(json.reason),
  };
}

function nodeId(text: unknown): bigint {
  const id = BigInt(text as string);
  if (BigInt.asUintN(64, id) !== id) throw new RangeError("not a node id");
  return id;
}

function finite(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new RangeError("not a number");
}

function malformed(round: number, cause?: unknown): FlwrError {
  return new FlwrError(
    "data-loss",
    `The checkpoint is damaged: its history of round ${round} cannot be read`,
    { hints: ["Start a new run, without a checkpoint"], cause },
  );
}
