import type { NdArrayFields } from "../../../app/nd_array.ts";
import type { PlainRecord, PlainRecordDict } from "../../../app/transferable.ts";
import type { TypedConfigValue, TypedMetricValue } from "../../../app/typed_value.ts";
import { ColumnReader, TextReader } from "./column_reader.ts";
import { BODY_ALIGNMENT } from "./frame.ts";
import {
  COLUMN_ALIGNMENT,
  COLUMN_INDEX,
  type ColumnName,
  COLUMNS,
  KINDS,
  malformed,
  MAX_NAME_LENGTH,
  MAX_RANK,
  placesOf,
  type RecordLimits,
  requireWithin,
  TYPES,
} from "./record_columns.ts";

/**
 * Unpacks the records of `packRecords`. Byte arrays are views of `data`.
 *
 * @param columns the packed columns, or any bytes from an untrusted sender. Its offset is a multiple of 8
 * @param data the bytes of the `ByteRun`
 * @param limits default: none
 * @throws FlwrError "invalid-argument" when the columns are malformed, "resource-exhausted" when a limit is exceeded;
 *   the latter before any record is read
 */
export function unpackRecords(
  columns: Uint8Array,
  data: Uint8Array,
  limits?: RecordLimits,
): PlainRecordDict {
  return new Unpacker(columns, data, limits).records();
}

class Unpacker {
  readonly #kinds: ColumnReader<number>;
  readonly #itemCounts: ColumnReader<number>;
  readonly #types: ColumnReader<number>;
  readonly #names: TextReader;
  readonly #listLengths: ColumnReader<number>;
  readonly #doubles: ColumnReader<number>;
  readonly #integers: ColumnReader<bigint>;
  readonly #unsigned: BigUint64Array;
  #integersTaken = 0;
  readonly #bools: ColumnReader<number>;
  readonly #texts: TextReader;
  readonly #ranks: ColumnReader<number>;
  readonly #dims: ColumnReader<number>;
  readonly #dataLengths: ColumnReader<number>;
  readonly #data: Uint8Array;
  #dataEnd = 0;
  #maxNameLength = Infinity;
  #maxRank = Infinity;

  constructor(columns: Uint8Array, data: Uint8Array, limits: RecordLimits | undefined) {
    if (columns.byteOffset % COLUMN_ALIGNMENT !== 0 || columns.length < 4 * COLUMNS.length) {
      throw malformed();
    }
    const { buffer, byteOffset } = columns;
    const counts = [...new Uint32Array(buffer, byteOffset, COLUMNS.length)];
    const places = placesOf(counts);
    if (places.end !== columns.length) throw malformed();
    if (limits !== undefined) {
      this.#maxNameLength = MAX_NAME_LENGTH;
      this.#maxRank = MAX_RANK;
    }
    const count = (name: ColumnName) => counts[COLUMN_INDEX[name]]!;
    const at = (name: ColumnName) => byteOffset + places.offsets[COLUMN_INDEX[name]]!;
    if (limits !== undefined) requireWithin(limits, count);
    const bytes = (name: ColumnName) => new Uint8Array(buffer, at(name), count(name));
    const words = (name: ColumnName) => new Uint32Array(buffer, at(name), count(name));
    const floats = (name: ColumnName) => new Float64Array(buffer, at(name), count(name));
    this.#kinds = new ColumnReader(bytes("kinds"));
    this.#itemCounts = new ColumnReader(words("itemCounts"));
    this.#types = new ColumnReader(bytes("types"));
    this.#names = new TextReader(words("nameLengths"), bytes("names"), this.#maxNameLength);
    this.#listLengths = new ColumnReader(words("listLengths"));
    this.#doubles = new ColumnReader(floats("doubles"));
    this.#integers = new ColumnReader(new BigInt64Array(buffer, at("integers"), count("integers")));
    this.#unsigned = new BigUint64Array(buffer, at("integers"), count("integers"));
    this.#bools = new ColumnReader(bytes("bools"));
    this.#texts = new TextReader(words("textLengths"), bytes("texts"), Infinity);
    this.#ranks = new ColumnReader(words("ranks"));
    this.#dims = new ColumnReader(floats("dims"));
    this.#dataLengths = new ColumnReader(floats("dataLengths"));
    this.#data = data;
  }

  records(): PlainRecordDict {
    const records = Array.from(this.#kinds.elements, () => this.#record());
    const columns = [
      this.#itemCounts,
      this.#types,
      this.#names,
      this.#listLengths,
      this.#doubles,
      this.#integers,
      this.#bools,
      this.#texts,
      this.#ranks,
      this.#dims,
      this.#dataLengths,
    ];
    if (columns.every(({ isAtEnd }) => isAtEnd)) return records;
    throw malformed();
  }

  #record(): readonly [string, PlainRecord] {
    const name = this.#names.next();
    const kind = KINDS[this.#kinds.next()];
    const length = this.#itemCounts.next();
    const items = <T>(read: () => T) => {
      const list: (readonly [string, T])[] = [];
      for (let index = 0; index < length; index++) list.push([this.#names.next(), read()] as const);
      return list;
    };
    switch (kind) {
      case "arrays":
        return [name, { kind, items: items(() => this.#array()) }];
      case "metrics":
        return [name, { kind, items: items(() => this.#metric()) }];
      case "config":
        return [name, { kind, items: items(() => this.#value()) }];
      default:
        throw malformed();
    }
  }

  #array(): NdArrayFields {
    const dtype = this.#texts.next();
    const stype = this.#texts.next();
    const rank = this.#ranks.next();
    const shape = this.#dims.nextList(rank);
    const sound = rank <= this.#maxRank && dtype.length <= this.#maxNameLength &&
      stype.length <= this.#maxNameLength &&
      shape.every((length) => Number.isSafeInteger(length) && length >= 0);
    if (sound) return { dtype, shape, stype, data: this.#bytes() };
    throw malformed();
  }

  #metric(): TypedMetricValue {
    const typed = this.#value();
    switch (typed.type) {
      case "double":
      case "sint64":
      case "uint64":
      case "double[]":
      case "sint64[]":
      case "uint64[]":
        return typed;
      default:
        throw malformed();
    }
  }

  #value(): TypedConfigValue {
    const type = TYPES[this.#types.next()];
    switch (type) {
      case "double":
        return { type, value: this.#doubles.next() };
      case "sint64":
        this.#integersTaken += 1;
        return { type, value: this.#integers.next() };
      case "uint64":
        this.#integers.next();
        return { type, value: this.#unsigned[this.#integersTaken++]! };
      case "bool":
        return { type, value: this.#bool() };
      case "string":
        return { type, value: this.#texts.next() };
      case "bytes":
        return { type, value: this.#bytes() };
      case "double[]":
        return { type, value: this.#doubles.nextList(this.#listLengths.next()) };
      case "sint64[]": {
        const value = this.#integers.nextList(this.#listLengths.next());
        this.#integersTaken += value.length;
        return { type, value };
      }
      case "uint64[]": {
        const length = this.#listLengths.next();
        this.#integers.nextList(length);
        const start = this.#integersTaken;
        this.#integersTaken += length;
        return { type, value: Array.from(this.#unsigned.subarray(start, this.#integersTaken)) };
      }
      case "bool[]":
        return { type, value: this.#list(this.#bools.elements, () => this.#bool()) };
      case "string[]":
        return { type, value: this.#list(this.#texts.lengths, () => this.#texts.next()) };
      case "bytes[]":
        return { type, value: this.#list(this.#dataLengths.elements, () => this.#bytes()) };
      default:
        throw malformed();
    }
  }

  #list<T>(all: ArrayLike<unknown>, read: () => T): T[] {
    const length = this.#listLengths.next();
    if (length > all.length) throw malformed();
    return Array.from({ length }, read);
  }

  #bool(): boolean {
    const value = this.#bools.next();
    if (value > 1) throw malformed();
    return value === 1;
  }

  #bytes(): Uint8Array {
    const length = this.#dataLengths.next();
    const start = Math.ceil(this.#dataEnd / BODY_ALIGNMENT) * BODY_ALIGNMENT;
    const end = start + length;
    if (!Number.isSafeInteger(length) || length < 0 || end > this.#data.length) throw malformed();
    this.#dataEnd = end;
    return this.#data.subarray(start, end);
  }
}
