import type { NdArrayFields } from "../../../app/nd_array.ts";
import type { PlainRecord, PlainRecordDict } from "../../../app/transferable.ts";
import type { TypedConfigValue } from "../../../app/typed_value.ts";
import { ByteRun } from "./frame.ts";
import { type ColumnName, COLUMNS, KINDS, placesOf, TYPES } from "./record_columns.ts";

/**
 * Records in columns: all names are one text, all numbers one array. Reading 100,000 metrics takes a few milliseconds,
 * and the counts at the beginning give the sizes before anything is read.
 */
export interface PackedRecords {
  readonly columns: Uint8Array;
  /** The bytes of arrays and of settings. */
  readonly data: ByteRun;
}

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
