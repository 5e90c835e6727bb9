import { isLegacyInstruction, toLegacyInstruction } from "../../../app/legacy/instruction.ts";
import { CURRENT_NAMES, isLegacyType, LEGACY_NAMES } from "../../../app/legacy/names.ts";
import { fromLegacyReply } from "../../../app/legacy/reply.ts";
import type { MessageError } from "../../../entities/metadata.ts";
import { isRecordDict } from "../../../app/record_dict.ts";
import type { RecordDict } from "../../../proto/gen/current/recorddict_pb.ts";
import { recordDictFromWire, recordDictToWire } from "../record_dict.ts";

/** Record name of a model's arrays in current ServerApps. */
export const CURRENT_ARRAYS = CURRENT_NAMES.arrays;

/**
 * Renames an instruction's records for a node of Flower 1.9, which knows only the older names. Arrays are not copied.
 *
 * @returns the same object if the records already have older names, or have no such names
 */
export function instructionForLegacyNode(messageType: string, dict: RecordDict): RecordDict {
  if (!isLegacyType(messageType)) return dict;
  const content = recordDictFromWire(dict);
  if (isLegacyInstruction(messageType, content)) return dict;
  const legacy = toLegacyInstruction(messageType, content);
  return legacy === content ? dict : recordDictToWire(legacy);
}

/**
 * Whether an instruction uses the older names, so its reply must use them too.
 *
 * @param names the names of the instruction's records
 */
export function isAskedByOlderNames(messageType: string, names: Iterable<string>): boolean {
  if (!isLegacyType(messageType)) return true;
  const { parameters, config } = LEGACY_NAMES[messageType].ins;
  return [...names].some((name) => name === parameters || name === config);
}

/**
 * Renames a 1.9 node's reply to the current names, or returns the error that its status means.
 *
 * @param arrayNames the names of the instruction's arrays, for arrays that came back numbered
 * @returns the same object if it has no older names
 */
export function replyFromLegacyNode(
  messageType: string,
  dict: RecordDict,
  arrayNames: Iterable<string> | undefined,
): RecordDict | MessageError {
  if (!isLegacyType(messageType)) return dict;
  const content = recordDictFromWire(dict);
  const current = fromLegacyReply(messageType, content, arrayNames);
  if (!isRecordDict(current)) return current;
  return current === content ? dict : recordDictToWire(current);
}
