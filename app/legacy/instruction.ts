import { ConfigRecord } from "../config_record.ts";
import { type AnyRecord, isArrayRecord, isConfigRecord, RecordDict } from "../record_dict.ts";
import { fromLegacyArrays, toLegacyArrays } from "./arrays.ts";
import { CURRENT_NAMES, isLegacyType, LEGACY_NAMES } from "./names.ts";

/** Whether an instruction's records have the names of Flower's older API. */
export function isLegacyInstruction(messageType: string, content: RecordDict): boolean {
  if (!isLegacyType(messageType)) return false;
  const { parameters, config } = LEGACY_NAMES[messageType].ins;
  return isConfigRecord(content.get(config)) ||
    (parameters !== undefined && isArrayRecord(content.get(parameters)));
}

/**
 * Translates an instruction for a peer that only knows the older API: `arrays` and `config` get its names, other
 * records stay unchanged. Without `config`, an empty one is sent because Python requires it; a peer of ours receives it
 * too. Lists in `config` are sent, but Python's older API refuses them with an error reply.
 *
 * @returns the same object if there is nothing to translate: another message type, or no `arrays` to train or evaluate
 */
export function toLegacyInstruction(messageType: string, content: RecordDict): RecordDict {
  if (!isLegacyType(messageType)) return content;
  const names = LEGACY_NAMES[messageType].ins;
  const arrays = content.get(CURRENT_NAMES.arrays);
  const config = content.get(CURRENT_NAMES.config);
  const legacy = new RecordDict();
  const taken: (AnyRecord | undefined)[] = [];
  if (names.parameters !== undefined) {
    if (!isArrayRecord(arrays)) return content;
    legacy.set(names.parameters, toLegacyArrays(arrays));
    taken.push(arrays);
  }
  legacy.set(names.config, isConfigRecord(config) ? config : new ConfigRecord());
  if (isConfigRecord(config)) taken.push(config);
  return withRest(legacy, content, (_name, record) => taken.includes(record));
}

/**
 * Translates an instruction of the older API to the current names.
 *
 * @returns the same object if it is not an instruction of the older API
 */
export function fromLegacyInstruction(messageType: string, content: RecordDict): RecordDict {
  if (!isLegacyType(messageType) || !isLegacyInstruction(messageType, content)) return content;
  const names = LEGACY_NAMES[messageType].ins;
  const current = new RecordDict();
  const parameters = names.parameters === undefined ? undefined : content.get(names.parameters);
  const config = content.get(names.config);
  if (isArrayRecord(parameters)) current.set(CURRENT_NAMES.arrays, fromLegacyArrays(parameters));
  if (isConfigRecord(config)) current.set(CURRENT_NAMES.config, config);
  return withRest(current, content, (_name, record) => record === parameters || record === config);
}

/** Adds the records that were not translated, unless their names are taken. */
export function withRest(
  translated: RecordDict,
  content: RecordDict,
  isTaken: (name: string, record: AnyRecord) => boolean,
): RecordDict {
  for (const [name, record] of content) {
    if (!isTaken(name, record) && !translated.has(name)) translated.set(name, record);
  }
  return translated;
}
