import { FlwrError } from "../../base/error.ts";
import type { DType } from "../../tensor/dtype.ts";
import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ArrayRecord } from "../array_record.ts";
import type { Message } from "../message.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { MetricRecord } from "../metric_record.ts";
import { sameShape } from "../nd_array.ts";
import type { RecordDict } from "../record_dict.ts";
import type { Failure } from "../result.ts";
import { averagedDType } from "./weighted_average.ts";

/** Largest accepted number of examples of a reply, by default. */
export const MAX_NUM_EXAMPLES = 1e9;

/** A reply that passed all checks. */
export interface CheckedReply {
  /** The node that replied. */
  readonly nodeId: NodeId;
  /** Weight of the reply. */
  readonly weight: number;
  /** The node's model, in the order of the global one; do not change it. Empty if no model was requested. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The metrics of the reply. */
  readonly metrics: MetricRecord;
  /** The whole content of the reply. */
  readonly content: RecordDict;
}

/** The expectations that replies are checked against. */
export interface ReplyExpectation {
  /** The model that was sent to the nodes; undefined if the replies contain no model. */
  readonly arrays?: ArrayRecord;
  /** The metric with the weight of a reply. */
  readonly weightedByKey: string;
  /** Largest accepted weight (default 10⁹). */
  readonly maxNumExamples?: number;
}

/** Accepted replies and failures, each in ascending order of node id. */
export interface CheckedReplies {
  /** The replies that passed all checks. */
  readonly accepted: CheckedReply[];
  /** The others, with the reason. */
  readonly failures: Failure[];
}

/**
 * Divides replies into accepted ones and failures. Failures are: an error; not exactly one ArrayRecord (if a model was
 * requested) and one MetricRecord; arrays that are missing, unknown, damaged, not finite, or of another shape or type
 * than those sent; metrics that are not finite; a weight that is missing, negative or too large.
 *
 * Arrays numbered "0", "1", … are matched by order, as Flower's older clients send them. An array's type may differ
 * from the one sent if both have the same average type: a model's int64 counter returns as int64 although its average,
 * which was sent, is float64.
 */
export function checkReplies(
  replies: readonly Message[],
  expectation: ReplyExpectation,
): CheckedReplies {
  const global = expectation.arrays?.viewTensors();
  const checked: CheckedReplies = { accepted: [], failures: [] };
  const inOrder = [...replies].sort((a, b) => a.metadata.srcNodeId < b.metadata.srcNodeId ? -1 : 1);
  for (const reply of inOrder) {
    const nodeId = reply.metadata.srcNodeId;
    if (reply.error !== undefined) {
      checked.failures.push({ nodeId, ...reply.error });
      continue;
    }
    try {
      checked.accepted.push(checkReply(nodeId, reply.content, expectation, global));
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      checked.failures.push({ nodeId, reason: `Reply rejected: ${error.message}` });
    }
  }
  return checked;
}

function checkReply(
  nodeId: NodeId,
  content: RecordDict,
  { weightedByKey, maxNumExamples = MAX_NUM_EXAMPLES }: ReplyExpectation,
  global: ReadonlyMap<string, Tensor> | undefined,
): CheckedReply {
  const metrics = only(content.metricRecords, "MetricRecord");
  const weight = checkWeight(metrics, weightedByKey, maxNumExamples);
  checkMetrics(metrics);
  const tensors = global === undefined
    ? new Map<string, Tensor>()
    : checkArrays(only(content.arrayRecords, "ArrayRecord"), global);
  return { nodeId, weight, tensors, metrics, content };
}

function only<R>(records: ReadonlyMap<string, R>, kind: string): R {
  const [record] = records.values();
  if (record !== undefined && records.size === 1) return record;
  throw refused(`expected 1 ${kind}, got ${records.size}`);
}

function checkWeight(metrics: MetricRecord, key: string, max: number): number {
  const value = metrics.get(key);
  if (value === undefined) throw refused(`Metric "${key}" is missing`);
  if (Array.isArray(value)) throw refused(`Metric "${key}" is a list, expected a number`);
  const weight = Number(value);
  if (weight >= 0 && weight <= max) return weight;
  throw refused(`Metric "${key}" is ${value}, expected 0 to ${max}`);
}

function checkMetrics(metrics: MetricRecord): void {
  for (const [name, value] of metrics) {
    const numbers = Array.isArray(value) ? value : [value];
    const odd = numbers.find((number) => typeof number === "number" && !Number.isFinite(number));
    if (odd !== undefined) throw refused(`Metric "${name}" is not finite: ${odd}`);
  }
}

function checkArrays(
  arrays: ArrayRecord,
  global: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  const named = isNumbered(arrays) && arrays.size === global.size
    ? arrays.withNames(global.keys())
    : arrays;
  const unknown = [...named.keys()].filter((name) => !global.has(name));
  const missing = [...global.keys()].filter((name) => !named.has(name));
  if (missing.length > 0) throw refused(`Arrays are missing: ${quoted(missing)}`);
  if (unknown.length > 0) throw refused(`Arrays are unknown: ${quoted(unknown)}`);
  const tensors = named.viewTensors();
  const inOrder = new Map<string, Tensor>();
  for (const [name, expected] of global) {
    const tensor = tensors.get(name)!;
    checkTensor(name, tensor, expected);
    inOrder.set(name, tensor);
  }
  return inOrder;
}

function checkTensor(name: string, tensor: Tensor, expected: Tensor): void {
  if (!sameShape(tensor.shape, expected.shape)) {
    throw refused(`Array "${name}" has shape [${tensor.shape}], expected [${expected.shape}]`);
  }
  const averaged = (dtype: DType) => averagedDType(dtype, expected.shape.length);
  if (averaged(tensor.dtype) !== averaged(expected.dtype)) {
    throw refused(`Array "${name}" has type ${tensor.dtype}, expected ${expected.dtype}`);
  }
  const odd = firstNotFinite(tensor.data);
  if (odd !== undefined) {
    throw refused(`Array "${name}" is not finite: element ${odd} is ${tensor.data[odd]}`);
  }
}

/** Whether arrays have numbers instead of names, as Flower's older clients send them. */
function isNumbered(arrays: ArrayRecord): boolean {
  return [...arrays.keys()].every((name, i) => name === String(i));
}

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `"${name}"`);
  return shown.join(", ") + (names.length > shown.length ? `, … (${names.length} in all)` : "");
}

function refused(reason: string): FlwrError {
  return new FlwrError("invalid-argument", reason);
}
