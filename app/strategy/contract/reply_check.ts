import { FlwrError } from "../../../base/error.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { firstNotFinite } from "../../../tensor/first_not_finite.ts";
import { type Tensor, zeros } from "../../../tensor/tensor.ts";
import type { ArrayRecord } from "../../array_record.ts";
import type { Message } from "../../message.ts";
import type { MetricRecord } from "../../metric_record.ts";
import { sameShape } from "../../nd_array.ts";
import type { RecordDict } from "../../record_dict.ts";
import { averagedDType } from "../arrays/weighted_average.ts";
import type { Tensors } from "../round/round.ts";
import type { ModelContractOptions } from "./model_contract.ts";
import type { CheckedReply } from "./reply_contract.ts";

/** Default of the largest accepted number of examples of a reply. */
export const MAX_NUM_EXAMPLES = 1e9;

/** The requirements for a reply. */
export interface ReplyExpectation
  extends
    Pick<ModelContractOptions, "maxNumExamples" | "convertFloats" | "arrays" | "arrayrecordKey"> {
  /** The model that was sent to the nodes; undefined if the replies contain no model. */
  readonly sent?: Tensors;
  /** The metric with the weight of a reply. */
  readonly weightedByKey: string;
  /** Whether the caller checks that the arrays are finite, with {@link requireFinite} (default false). */
  readonly finiteLater?: boolean;
}

/**
 * Checks a reply. Reasons for a refusal: not exactly one ArrayRecord (if a model was requested) and one MetricRecord;
 * arrays that are missing, unknown, damaged, not finite, or of another shape or type than those sent; metrics that are
 * not finite; a weight that is missing, negative or too large.
 *
 * Arrays numbered "0", "1", … are matched by order, as Flower's older clients send them. An array's type may differ
 * from the one sent if both have the same average type: a model's int64 counter returns as int64 although its average,
 * which was sent, is float64.
 *
 * @throws FlwrError "invalid-argument" with the reason
 */
export function checkReply(reply: Message, expectation: ReplyExpectation): CheckedReply {
  const { weightedByKey, maxNumExamples = MAX_NUM_EXAMPLES, sent } = expectation;
  const { content } = reply;
  const metrics = only(content.metricRecords, "MetricRecord");
  const weight = checkWeight(metrics, weightedByKey, maxNumExamples);
  checkMetrics(metrics);
  const tensors = sent === undefined
    ? new Map<string, Tensor>()
    : checkArrays(modelOf(content, expectation.arrayrecordKey), sent, expectation);
  return { nodeId: reply.metadata.srcNodeId, weight, tensors, metrics, content };
}

function modelOf(content: RecordDict, key: string | undefined): ArrayRecord {
  const records = content.arrayRecords;
  if (key === undefined) return only(records, "ArrayRecord");
  const record = records.get(key);
  if (record !== undefined) return record;
  throw refused(`ArrayRecord "${key}" is missing`);
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
  sent: Tensors,
  { arrays: which = "all", convertFloats = false, finiteLater = false }: ReplyExpectation,
): Map<string, Tensor> {
  const expected = typeof which === "function" ? [...sent.keys()].filter(which) : [...sent.keys()];
  const named = isNumbered(arrays) && arrays.size === expected.length
    ? arrays.withNames(expected)
    : arrays;
  const known = new Set(expected);
  const unknown = [...named.keys()].filter((name) => !known.has(name));
  const missing = expected.filter((name) => !named.has(name));
  if (missing.length > 0 && which !== "any") {
    throw refused(`Arrays are missing: ${quoted(missing)}`);
  }
  if (unknown.length > 0) throw refused(`Arrays are unknown: ${quoted(unknown)}`);
  if (named.size === 0 && sent.size > 0) throw refused("It has no arrays");
  const tensors = named.viewTensors();
  const inOrder = new Map<string, Tensor>();
  for (const name of expected) {
    const tensor = tensors.get(name);
    if (tensor === undefined) continue;
    const like = sent.get(name)!;
    inOrder.set(
      name,
      checkTensor(name, convertFloats ? asFloat(tensor, like.dtype) : tensor, like),
    );
  }
  if (!finiteLater) requireFinite(inOrder);
  return inOrder;
}

/** A floating-point tensor in another floating-point type. Other tensors are unchanged. */
function asFloat(given: Tensor, dtype: DType): Tensor {
  if (given.dtype === dtype || !given.dtype.startsWith("float") || !dtype.startsWith("float")) {
    return given;
  }
  const { data } = given as Tensor<"float64">;
  const converted = zeros(dtype as "float64", given.shape);
  converted.data.set(data);
  return converted;
}

/** Returns the tensor if it has the expected shape and type. */
function checkTensor(name: string, tensor: Tensor, expected: Tensor): Tensor {
  if (!sameShape(tensor.shape, expected.shape)) {
    throw refused(`Array "${name}" has shape [${tensor.shape}], expected [${expected.shape}]`);
  }
  const averaged = (dtype: DType) => averagedDType(dtype, expected.shape.length);
  if (averaged(tensor.dtype) !== averaged(expected.dtype)) {
    throw refused(`Array "${name}" has type ${tensor.dtype}, expected ${expected.dtype}`);
  }
  return tensor;
}

/** Refuses arrays with NaN or infinity. @throws FlwrError "invalid-argument" that names the element */
export function requireFinite(tensors: Tensors): void {
  for (const [name, { data }] of tensors) {
    const odd = firstNotFinite(data);
    if (odd === undefined) continue;
    throw refused(`Array "${name}" is not finite: element ${odd} is ${data[odd]}`);
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
