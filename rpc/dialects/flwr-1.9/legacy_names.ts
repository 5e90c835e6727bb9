import { isLegacyInstruction, toLegacyInstruction } from "../../../app/legacy/instruction.ts";
import { CURRENT_NAMES, isLegacyType, LEGACY_NAMES } from "../../../app/legacy/names.ts";
import { fromLegacyReply } from "../../../app/legacy/reply.ts";
import type { MessageError } from "../../../entities/metadata.ts";
import { isRecordDict } from "../../../app/record_dict.ts";
import type { RecordDict } from "../../../proto/gen/current/recorddict_pb.ts";
import { recordDictFromWire, recordDictToWire } from "../record_dict.ts";

/** What today's ServerApps call a model's arrays. */
export const CURRENT_ARRAYS = CURRENT_NAMES.arrays;

/**
 * An instruction's records for a node of the 1.9 wire, which knows only the older names: those of today's ServerApps
 * are given them. Arrays are not copied.
 *
 * @returns the same object where the records have the older names, or there are none for them
 */
export function instructionForLegacyNode(messageType: string, dict: RecordDict): RecordDict {
  if (!isLegacyType(messageType)) return dict;
  const content = recordDictFromWire(dict);
  if (isLegacyInstruction(messageType, content)) return dict;
  const legacy = toLegacyInstruction(messageType, content);
  return legacy === content ? dict : recordDictToWire(legacy);
}

/**
 * Whether an instruction came under the older names, so that its reply is wanted under them too.
 *
 * @param names the names of the instruction's records
 */
export function isAskedByOlderNames(messageType: string, names: Iterable<string>): boolean {
  if (!isLegacyType(messageType)) return true;
  const { parameters, config } = LEGACY_NAMES[messageType].ins;
  return [...names].some((name) => name === parameters || name === config);
}

/**
 * A reply of a node of the 1.9 wire under today's names; the error that its status stands for, if it is one.
 *
 * @param arrayNames the names of the instruction's arrays, for arrays that came back numbered
 * @returns the same object where it has no older names
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
