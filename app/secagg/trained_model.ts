import { FlwrError } from "../../base/error.ts";
import { elementCount, type Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { fromLegacyReply } from "../legacy/reply.ts";
import { CURRENT_NAMES } from "../legacy/names.ts";
import type { Message } from "../message.ts";
import { sameShape } from "../nd_array.ts";
import { isArrayRecord, isRecordDict, RecordDict } from "../record_dict.ts";

/** The result of a ClientApp's training, ready to be masked. */
export interface TrainedModel {
  /** Its arrays, in the order of the instruction's. */
  readonly tensors: readonly Tensor[];
  /** The number of examples that it was trained on. */
  readonly numExamples: number;
  /** The reply's records, with an empty ArrayRecord in place of the arrays. */
  readonly rest: RecordDict;
}

/**
 * Extracts the model from the reply of a ClientApp: its only ArrayRecord, with the number of examples from
 * "num-examples" in its metrics. Replies with the older names (`fitres.parameters`) are understood, too.
 *
 * @param instruction the training instruction: its arrays have the order and shapes of the sum
 * @throws FlwrError "invalid-argument" when the reply has another number of models, or arrays of other names or shapes
 */
export function trainedModel(instruction: Message, reply: Message): TrainedModel {
  const content = fromLegacyReply(instruction.metadata.messageType, reply.content);
  if (!isRecordDict(content)) {
    throw new FlwrError(
      "invalid-argument",
      `Secure aggregation: training failed: ${content.reason}`,
    );
  }
  const records = [...content.arrayRecords.values()];
  const [arrays] = records;
  if (arrays === undefined || records.length !== 1) {
    throw new FlwrError(
      "invalid-argument",
      `Secure aggregation: the reply to "train" has ${records.length} ArrayRecords, expected 1`,
      { hints: ["Only one ArrayRecord can be summed: anything else would be sent in the clear"] },
    );
  }
  const rest = new RecordDict();
  for (const [name, record] of content) if (!isArrayRecord(record)) rest.set(name, record);
  rest.set(CURRENT_NAMES.arrays, new ArrayRecord());
  return { tensors: inOrder(instruction, arrays), numExamples: numExamplesOf(content), rest };
}

function numExamplesOf(content: RecordDict): number {
  const key = CURRENT_NAMES.numExamples;
  const number = content.metricRecords.get(CURRENT_NAMES.metrics)?.get(key);
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw new FlwrError(
    "invalid-argument",
    `Secure aggregation: the reply to "train" has no number "${key}" in its MetricRecord "metrics"`,
    {
      hints: [
        `Return metrics: new MetricRecord({ "${key}": 500, … }): it is the weight of the model`,
      ],
    },
  );
}

/** The arrays in the instruction's order: by name if they have names, otherwise by position. */
function inOrder(instruction: Message, arrays: ArrayRecord): Tensor[] {
  const sent = [...instruction.content.arrayRecords.values()][0];
  if (sent === undefined) return [...arrays.viewTensors().values()];
  const named = sent.size === arrays.size && (isNumbered(sent) || isNumbered(arrays))
    ? arrays.withNames(sent.keys())
    : arrays;
  const missing = [...sent.keys()].find((name) => !named.has(name));
  const unknown = [...named.keys()].find((name) => !sent.has(name));
  if (missing !== undefined || unknown !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      missing !== undefined
        ? `Secure aggregation: the trained model lacks the array "${missing}"`
        : `Secure aggregation: the trained model has an array that was not sent: "${unknown}"`,
    );
  }
  const tensors = named.viewTensors();
  const model = sent.viewTensors();
  return [...model].map(([name, { shape }]) => {
    const tensor = tensors.get(name)!;
    if (!sameShape(tensor.shape, shape) || elementCount(shape) !== tensor.data.length) {
      throw new FlwrError(
        "invalid-argument",
        `Secure aggregation: array "${name}" has shape [${tensor.shape}], expected [${shape}]`,
      );
    }
    return tensor;
  });
}

function isNumbered(arrays: ArrayRecord): boolean {
  return [...arrays.keys()].every((name, i) => name === String(i));
}
