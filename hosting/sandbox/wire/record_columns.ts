import type { NdArrayFields } from "../../../app/nd_array.ts";
import type { PlainRecord, PlainRecordDict } from "../../../app/transferable.ts";
import type { TypedConfigValue, TypedMetricValue } from "../../../app/typed_value.ts";
import { FlwrError } from "../../../base/error.ts";

/** Limits for the records of one message or state. */
export interface RecordLimits {
  /** Total of names (of records and entries) and byte arrays. */
  readonly entries: number;
  /** Total of integers, booleans, texts and lists. */
  readonly values: number;
  /** Total of floating-point numbers and lengths of axes. */
  readonly numbers: number;
  /** Total bytes of names and texts. */
  readonly textBytes: number;
}

/**
 * Limits for an app's reply, and the same again for its state. Reading this much takes some 30 ms, in which the node does
 * nothing else. Elements of arrays do not count, because they are not read one by one.
 */
export const RECORD_LIMITS: RecordLimits = {
  entries: 110_000,
  values: 250_000,
  numbers: 1_000_000,
  textBytes: 4 * 1024 ** 2,
};

/** Alignment of arrays in a frame's body, in bytes: the same as in a .npy file. */
export const BODY_ALIGNMENT = 64;

/** Longest name of a record or entry in an app's reply, in characters. */
export const MAX_NAME_LENGTH = 4_096;

/** Most dimensions of an array in an app's reply. */
export const MAX_RANK = 64;

/** Byte arrays that a frame carries as one, each aligned. {@link unpackRecords} divides it again. */
export class ByteRun {
  constructor(readonly parts: readonly Uint8Array[]) {}
}

/**
 * Records in columns: all names are one text, all numbers one array. Reading 100,000 metrics takes a few milliseconds,
 * and the counts at the beginning give the sizes before anything is read.
 */
export interface PackedRecords {
  readonly columns: Uint8Array;
  /** The bytes of arrays and of settings. */
  readonly data: ByteRun;
}

const KINDS = ["arrays", "metrics", "config"] as const;
const TYPES = [
  "double",
  "sint64",
  "uint64",
  "double[]",
  "sint64[]",
  "uint64[]",
  "bool",
  "string",
  "bytes",
  "bool[]",
  "string[]",
  "bytes[]",
] as const;

/** The columns, in order, with the bytes of an element. Their element counts (uint32 each) come before them. */
const COLUMNS = [
  { name: "kinds", bytes: 1 },
  { name: "itemCounts", bytes: 4 },
  { name: "types", bytes: 1 },
  { name: "nameLengths", bytes: 4 },
  { name: "names", bytes: 1 },
  { name: "listLengths", bytes: 4 },
  { name: "doubles", bytes: 8 },
  { name: "integers", bytes: 8 },
  { name: "bools", bytes: 1 },
  { name: "textLengths", bytes: 4 },
  { name: "texts", bytes: 1 },
  { name: "ranks", bytes: 4 },
  { name: "dims", bytes: 8 },
  { name: "dataLengths", bytes: 8 },
] as const;
type ColumnName = (typeof COLUMNS)[number]["name"];

/** Alignment of columns, in bytes: that of the widest element. */
const COLUMN_ALIGNMENT = 8;

/** Packs records into columns. The bytes of arrays are not copied. */
export function packRecords(records: PlainRecordDict): PackedRecords {
  const packer = new Packer();
  for (const [name, record] of records) packer.record(name, record);
  return packer.packed();
}

class Packer {
  readonly #kinds: number[] = [];
  readonly #itemCounts: number[] = [];
  readonly #types: number[] = [];
  readonly #names: string[] = [];
  readonly #listLengths: number[] = [];
  readonly #doubles: number[] = [];
  readonly #integers: bigint[] = [];
  readonly #bools: number[] = [];
  readonly #texts: string[] = [];
  readonly #ranks: number[] = [];
  readonly #dims: number[] = [];
  readonly #data: Uint8Array[] = [];

  record(name: string, record: PlainRecord): void {
    this.#names.push(name);
    this.#kinds.push(KINDS.indexOf(record.kind));
    this.#itemCounts.push(record.items.length);
    if (record.kind === "arrays") {
      for (const [item, array] of record.items) this.#array(item, array);
    } else {
      for (const [item, value] of record.items) this.#value(item, value);
    }
  }

  packed(): PackedRecords {
    const names = new TextEncoder().encode(this.#names.join(""));
    const texts = new TextEncoder().encode(this.#texts.join(""));
    const columns: Record<ColumnName, ArrayLike<number> | BigInt64Array> = {
      kinds: this.#kinds,
      itemCounts: this.#itemCounts,
      types: this.#types,
      nameLengths: this.#names.map(({ length }) => length),
      names,
      listLengths: this.#listLengths,
      doubles: this.#doubles,
      // Signed and unsigned integers share the column; both are 64 bits.
      integers: BigInt64Array.from(this.#integers),
      bools: this.#bools,
      textLengths: this.#texts.map(({ length }) => length),
      texts,
      ranks: this.#ranks,
      dims: this.#dims,
      dataLengths: this.#data.map(({ length }) => length),
    };
    const places = placesOf(COLUMNS.map(({ name }) => columns[name].length));
    const bytes = new Uint8Array(places.end);
    new Uint32Array(bytes.buffer, 0, COLUMNS.length)
      .set(COLUMNS.map(({ name }) => columns[name].length));
    for (const [index, { name, bytes: width }] of COLUMNS.entries()) {
      const [at, values] = [places.offsets[index]!, columns[name]];
      if (values instanceof BigInt64Array) {
        new BigInt64Array(bytes.buffer, at, values.length).set(values);
      } else if (width === 8) new Float64Array(bytes.buffer, at, values.length).set(values);
      else if (width === 4) new Uint32Array(bytes.buffer, at, values.length).set(values);
      else bytes.set(values, at);
    }
    return { columns: bytes, data: new ByteRun(this.#data) };
  }

  #array(name: string, { dtype, shape, stype, data }: NdArrayFields): void {
    this.#names.push(name);
    this.#texts.push(dtype, stype);
    this.#ranks.push(shape.length);
    for (const length of shape) this.#dims.push(length);
    this.#data.push(data);
  }

  #value(name: string, typed: TypedConfigValue): void {
    this.#names.push(name);
    this.#types.push(TYPES.indexOf(typed.type));
    switch (typed.type) {
      case "double":
        this.#doubles.push(typed.value);
        return;
      case "sint64":
      case "uint64":
        this.#integers.push(typed.value);
        return;
      case "bool":
        this.#bools.push(Number(typed.value));
        return;
      case "string":
        this.#texts.push(typed.value);
        return;
      case "bytes":
        this.#data.push(typed.value);
        return;
    }
    this.#listLengths.push(typed.value.length);
    switch (typed.type) {
      case "double[]":
        for (const value of typed.value) this.#doubles.push(value);
        return;
      case "sint64[]":
      case "uint64[]":
        for (const value of typed.value) this.#integers.push(value);
        return;
      case "bool[]":
        for (const value of typed.value) this.#bools.push(Number(value));
        return;
      case "string[]":
        for (const value of typed.value) this.#texts.push(value);
        return;
      case "bytes[]":
        for (const value of typed.value) this.#data.push(value);
        return;
    }
  }
}

/**
 * Unpacks the records of {@link packRecords}. Byte arrays are views of `data`.
 *
 * @param columns the packed columns, or any bytes from an untrusted sender. Its offset is a multiple of 8
 * @param data the bytes of the {@link ByteRun}
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

/** Reads a column's elements one after the other. */
class ColumnReader<T> {
  #at = 0;
  constructor(readonly elements: ArrayLike<T>) {}

  next(): T {
    if (this.#at >= this.elements.length) throw malformed();
    return this.elements[this.#at++]!;
  }

  /** The next elements as a list. */
  nextList(length: number): T[] {
    if (length > this.elements.length - this.#at) throw malformed();
    const list: T[] = [];
    for (const end = this.#at + length; this.#at < end; this.#at++) {
      list.push(this.elements[this.#at]!);
    }
    return list;
  }

  get isAtEnd(): boolean {
    return this.#at === this.elements.length;
  }
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
    const count = (name: ColumnName) => counts[INDEX[name]]!;
    const at = (name: ColumnName) => byteOffset + places.offsets[INDEX[name]]!;
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

/** Reads texts from one joined text and their lengths in UTF-16 units. */
class TextReader {
  readonly lengths: Uint32Array;
  readonly #all: string;
  readonly #maxLength: number;
  #next = 0;
  #at = 0;

  constructor(lengths: Uint32Array, joined: Uint8Array, maxLength: number) {
    this.lengths = lengths;
    this.#maxLength = maxLength;
    try {
      // `ignoreBOM` means that a byte order mark stays part of the text.
      this.#all = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(joined);
    } catch (cause) {
      throw malformed(cause);
    }
  }

  next(): string {
    if (this.#next >= this.lengths.length) throw malformed();
    const length = this.lengths[this.#next++]!;
    const end = this.#at + length;
    if (length > this.#maxLength || end > this.#all.length) throw malformed();
    const text = this.#all.slice(this.#at, end);
    this.#at = end;
    return text;
  }

  get isAtEnd(): boolean {
    return this.#next === this.lengths.length && this.#at === this.#all.length;
  }
}

const INDEX = Object.fromEntries(
  COLUMNS.map(({ name }, index) => [name, index]),
) as Readonly<Record<ColumnName, number>>;

function placesOf(counts: readonly number[]): { readonly offsets: number[]; readonly end: number } {
  let end = 4 * COLUMNS.length;
  const offsets = COLUMNS.map(({ bytes }, index) => {
    const offset = Math.ceil(end / COLUMN_ALIGNMENT) * COLUMN_ALIGNMENT;
    end = offset + bytes * counts[index]!;
    return offset;
  });
  return { offsets, end };
}

/** The columns that each limit counts. */
const LIMITED: Readonly<Record<keyof RecordLimits, readonly ColumnName[]>> = {
  entries: ["kinds", "nameLengths", "dataLengths"],
  values: ["itemCounts", "types", "listLengths", "integers", "bools", "textLengths"],
  numbers: ["doubles", "ranks", "dims"],
  textBytes: ["names", "texts"],
};

function requireWithin(limits: RecordLimits, count: (name: ColumnName) => number): void {
  for (const what of Object.keys(LIMITED) as (keyof RecordLimits)[]) {
    const there = LIMITED[what].reduce((total, name) => total + count(name), 0);
    if (there <= limits[what]) continue;
    const words = what === "textBytes" ? "bytes of text" : what;
    throw new FlwrError(
      "resource-exhausted",
      `The app's records have ${there} ${words}; the limit is ${limits[what]}`,
      { hints: ["Store many numbers as an array"] },
    );
  }
}

function malformed(cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", "The app's records are malformed", { cause });
}
