import { ConfigRecord } from "../config_record.ts";
import type { MessageError } from "../../entities/metadata.ts";
import { MetricRecord } from "../metric_record.ts";
import { isArrayRecord, isConfigRecord, isMetricRecord, RecordDict } from "../record_dict.ts";
import { fromLegacyArrays, toLegacyArrays } from "./arrays.ts";
import { withRest } from "./instruction.ts";
import { collectMeasures, divideMeasures, readRequiredNumber, requiredNumber } from "./measures.ts";
import { CURRENT_NAMES, isLegacyType, LEGACY_NAMES, type LegacyNames } from "./names.ts";
import { okStatus, statusError } from "./status.ts";

/** Keys of the required numbers in their own records. */
const LOSS_KEY = "loss";
const NUM_EXAMPLES_KEY = "num_examples";

/** Whether a reply's records have the names of Flower's older API. */
export function isLegacyReply(messageType: string, content: RecordDict): boolean {
  if (!isLegacyType(messageType)) return false;
  return Object.values(LEGACY_NAMES[messageType].res).some((name) => content.has(name));
}

/**
 * Translates a reply for a peer that only knows the older API, with status OK.
 *
 * `metrics` becomes the required numbers (`num-examples`, and the `loss` of an evaluation) and the older metrics, which
 * also contain the strings, booleans and bytes of `config`. Values that do not fit stay in `metrics` and `config`,
 * which Python ignores. A missing required number is sent as 0 examples or a loss of NaN, with a mark by which a peer
 * of ours leaves it out. Other records stay unchanged.
 *
 * @returns the same object if the message type has no older form
 */
export function toLegacyReply(messageType: string, content: RecordDict): RecordDict {
  if (!isLegacyType(messageType)) return content;
  const names = LEGACY_NAMES[messageType].res;
  const arrays = content.get(CURRENT_NAMES.arrays);
  const legacy = new RecordDict();
  const taken = new Set<string>();
  if (names.parameters !== undefined && isArrayRecord(arrays)) {
    legacy.set(names.parameters, toLegacyArrays(arrays));
    taken.add(CURRENT_NAMES.arrays);
  }
  if (names.numExamples !== undefined) {
    for (const name of setMeasures(legacy, content, names)) taken.add(name);
  } else if (names.values !== undefined) {
    const properties = content.get(CURRENT_NAMES.properties);
    legacy.set(names.values, isConfigRecord(properties) ? properties : new ConfigRecord());
    if (isConfigRecord(properties)) taken.add(CURRENT_NAMES.properties);
  }
  legacy.set(names.status, okStatus());
  return withRest(legacy, content, (name) => taken.has(name));
}

/** Adds the records of numbers. @returns the names of the translated records */
function setMeasures(legacy: RecordDict, content: RecordDict, names: LegacyNames["res"]): string[] {
  const metrics = content.get(CURRENT_NAMES.metrics);
  const config = content.get(CURRENT_NAMES.config);
  const given = isMetricRecord(metrics) ? metrics : undefined;
  const settings = isConfigRecord(config) ? config : undefined;
  const demands: string[] = [CURRENT_NAMES.numExamples];
  if (names.loss !== undefined) {
    demands.push(CURRENT_NAMES.loss);
    const loss = given?.typed(CURRENT_NAMES.loss);
    legacy.set(names.loss, requiredNumber(LOSS_KEY, loss, { type: "double", value: NaN }));
  }
  const numExamples = given?.typed(CURRENT_NAMES.numExamples);
  legacy.set(
    names.numExamples!,
    requiredNumber(NUM_EXAMPLES_KEY, numExamples, { type: "sint64", value: 0n }),
  );
  const divided = divideMeasures(given, settings, demands);
  legacy.set(names.values!, divided.values);
  if (divided.metrics.size > 0) legacy.set(CURRENT_NAMES.metrics, divided.metrics);
  if (divided.config.size > 0) legacy.set(CURRENT_NAMES.config, divided.config);
  return [
    ...given ? [CURRENT_NAMES.metrics] : [],
    ...settings ? [CURRENT_NAMES.config] : [],
  ];
}

/**
 * Translates a reply of the older API to the current names, or returns the error in its status.
 *
 * Numeric metrics go to `metrics`, together with `num-examples` and `loss`, which override metrics of these names.
 * Strings, booleans and bytes go to `config`. Records without entries are left out.
 *
 * @param names names of the instruction's arrays, for arrays that Python numbered, if their number matches
 * @returns the same object if it is not a reply of the older API
 */
export function fromLegacyReply(
  messageType: string,
  content: RecordDict,
  names?: Iterable<string>,
): RecordDict | MessageError {
  if (!isLegacyType(messageType) || !isLegacyReply(messageType, content)) return content;
  const legacy = LEGACY_NAMES[messageType].res;
  const status = content.get(legacy.status);
  const error = statusError(isConfigRecord(status) ? status : undefined);
  if (error !== undefined) return error;

  const current = new RecordDict();
  const parameters = legacy.parameters && content.get(legacy.parameters);
  if (isArrayRecord(parameters)) {
    current.set(CURRENT_NAMES.arrays, fromLegacyArrays(parameters, names));
  }
  const values = legacy.values === undefined ? undefined : content.get(legacy.values);
  if (legacy.numExamples !== undefined) {
    const { metrics, config } = readMeasures(content, legacy);
    if (metrics.size > 0) current.set(CURRENT_NAMES.metrics, metrics);
    if (config.size > 0) current.set(CURRENT_NAMES.config, config);
  } else if (isConfigRecord(values)) {
    current.set(CURRENT_NAMES.properties, values);
  }
  const translated = new Set<string>(Object.values(legacy));
  return withRest(current, content, (name) => translated.has(name));
}

/** Reads the records of numbers, and the values that a peer of ours sent in addition to them. */
function readMeasures(
  content: RecordDict,
  names: LegacyNames["res"],
): { metrics: MetricRecord; config: ConfigRecord } {
  const metrics = new MetricRecord();
  const config = new ConfigRecord();
  const readNumber = (record: string | undefined, key: string, name: string) => {
    const source = record === undefined ? undefined : content.get(record);
    const typed = readRequiredNumber(isMetricRecord(source) ? source : undefined, key);
    if (typed !== undefined) metrics.setTyped(name, typed);
  };
  readNumber(names.numExamples, NUM_EXAMPLES_KEY, CURRENT_NAMES.numExamples);
  readNumber(names.loss, LOSS_KEY, CURRENT_NAMES.loss);
  const values = names.values === undefined ? undefined : content.get(names.values);
  collectMeasures(isConfigRecord(values) ? values : undefined, metrics, config);
  const [moreMetrics, moreConfig] = [
    content.get(CURRENT_NAMES.metrics),
    content.get(CURRENT_NAMES.config),
  ];
  if (isMetricRecord(moreMetrics)) {
    for (const [name, typed] of moreMetrics.typedEntries()) metrics.setTyped(name, typed);
  }
  if (isConfigRecord(moreConfig)) {
    for (const [name, typed] of moreConfig.typedEntries()) config.setTyped(name, typed);
  }
  return { metrics, config };
}
