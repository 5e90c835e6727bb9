import { FlwrError } from "../../base/error.ts";
import { CURRENT_NAMES } from "../legacy/names.ts";
import { fromLegacyReply } from "../legacy/reply.ts";
import type { Message } from "../message.ts";
import { isArrayRecord, isRecordDict, RecordDict } from "../record_dict.ts";
import { CONFIGS, KEYS, readByteList } from "./records.ts";

/** A node's reply in "collect_masked_vectors", taken apart. */
export interface CollectedReply {
  /** .npy files of int64: the weight, then the arrays, under the node's masks. */
  readonly masked: readonly Uint8Array[];
  /** The node's number of examples, which it sends in the clear. */
  readonly numExamples: number;
  /** The other records, which the node sent in the clear, under today's names: `metrics`, and possibly `config`. */
  readonly rest: RecordDict;
}

/**
 * Splits a reply into its parts. It may use the names of Flower's older API, as the replies of Python's nodes do.
 *
 * @param maxWeight the largest number of examples
 * @throws FlwrError "invalid-argument" when it reports that training failed, lacks something, or has too many examples
 */
export function collectedReply(reply: Message, maxWeight: number): CollectedReply {
  const content = fromLegacyReply(reply.metadata.messageType, reply.content);
  if (!isRecordDict(content)) throw new FlwrError("invalid-argument", content.reason);
  const rest = new RecordDict();
  for (const [name, record] of content) {
    if (name !== CONFIGS && !isArrayRecord(record)) rest.set(name, record);
  }
  const key = CURRENT_NAMES.numExamples;
  const numExamples = rest.metricRecord(CURRENT_NAMES.metrics).number(key);
  if (!(numExamples >= 0 && numExamples <= maxWeight)) {
    throw new FlwrError(
      "invalid-argument",
      `"${key}" is ${numExamples}, expected 0 to maxWeight, which is ${maxWeight}`,
    );
  }
  const masked = readByteList(content.configRecord(CONFIGS), KEYS.maskedArrays);
  return { masked, numExamples, rest };
}
