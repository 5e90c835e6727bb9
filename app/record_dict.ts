import { FlwrError } from "../base/error.ts";
import type { ArrayRecord } from "./array_record.ts";
import { describeType, isKind, KIND } from "./brand.ts";
import type { ConfigRecord } from "./config_record.ts";
import type { MetricRecord } from "./metric_record.ts";
import { type Named, NamedMap } from "./named_map.ts";

/** Any of the three types of records. */
export type AnyRecord = ArrayRecord | MetricRecord | ConfigRecord;

/** A RecordDict, or the records to create one from. */
export type RecordDictInit = RecordDict | Named<AnyRecord>;

/** Whether a value is an ArrayRecord, possibly of another copy of the module. */
export function isArrayRecord(value: unknown): value is ArrayRecord {
  return isKind(value, "ArrayRecord");
}

/** Whether a value is a MetricRecord, possibly of another copy of the module. */
export function isMetricRecord(value: unknown): value is MetricRecord {
  return isKind(value, "MetricRecord");
}

/** Whether a value is a ConfigRecord, possibly of another copy of the module. */
export function isConfigRecord(value: unknown): value is ConfigRecord {
  return isKind(value, "ConfigRecord");
}

/** Whether a value is a RecordDict, possibly of another copy of the module. */
export function isRecordDict(value: unknown): value is RecordDict {
  return isKind(value, "RecordDict");
}

/**
 * Records by name, in order: the content of a message, or the state of a context.
 *
 * @example
 * ```ts
 * const content = new RecordDict({ arrays, config: new ConfigRecord({ "server-round": 1 }) });
 * content.configRecord("config").number("server-round"); // 1
 * ```
 */
export class RecordDict extends NamedMap<AnyRecord> {
  /** The class of the object, which other copies of this module recognise. */
  readonly [KIND] = "RecordDict";

  /** Returns a given RecordDict itself, or creates one from records. */
  static from(init: RecordDictInit): RecordDict {
    return isRecordDict(init) ? init : new RecordDict(init);
  }

  /** Accepts the three types of records only. */
  protected override admit(value: AnyRecord): AnyRecord {
    if (isArrayRecord(value) || isMetricRecord(value) || isConfigRecord(value)) return value;
    throw new FlwrError(
      "invalid-argument",
      `A RecordDict contains ArrayRecords, MetricRecords and ConfigRecords: got ${
        describeType(value)
      }`,
    );
  }

  /** The ArrayRecords by name, in order. */
  get arrayRecords(): Map<string, ArrayRecord> {
    return this.#select(isArrayRecord);
  }

  /** The MetricRecords by name, in order. */
  get metricRecords(): Map<string, MetricRecord> {
    return this.#select(isMetricRecord);
  }

  /** The ConfigRecords by name, in order. */
  get configRecords(): Map<string, ConfigRecord> {
    return this.#select(isConfigRecord);
  }

  /** The ArrayRecord with this name. @throws FlwrError "not-found" that lists the existing records */
  arrayRecord(name: string): ArrayRecord {
    return this.#expect(name, "an ArrayRecord", isArrayRecord);
  }

  /** The MetricRecord with this name. @throws FlwrError "not-found" that lists the existing records */
  metricRecord(name: string): MetricRecord {
    return this.#expect(name, "a MetricRecord", isMetricRecord);
  }

  /** The ConfigRecord with this name. @throws FlwrError "not-found" that lists the existing records */
  configRecord(name: string): ConfigRecord {
    return this.#expect(name, "a ConfigRecord", isConfigRecord);
  }

  #select<R extends AnyRecord>(is: (value: unknown) => value is R): Map<string, R> {
    return new Map([...this].filter((entry): entry is [string, R] => is(entry[1])));
  }

  #expect<R extends AnyRecord>(
    name: string,
    what: string,
    is: (value: unknown) => value is R,
  ): R {
    const record = this.get(name);
    if (is(record)) return record;
    const there = [...this].map(([key, value]) => `"${key}" (${describeType(value)})`);
    throw new FlwrError(
      "not-found",
      `The content has no ${what.replace(/^an? /, "")} "${name}": it has ${
        there.join(", ") || "nothing"
      }`,
    );
  }
}
