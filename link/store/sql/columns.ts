import {
  bytes,
  type ColumnValue,
  foreignText,
  fromId,
  fromText,
  id,
  number,
  type Row,
  text,
} from "./rows.ts";
import type { InsertedColumn } from "./statements.ts";

/** Conversion between a field and a column. */
export interface Codec<T> {
  /** Type of the values, for statements that write many. */
  readonly type: InsertedColumn[1];
  readonly write: (value: T) => ColumnValue;
  readonly read: (row: Row, column: string) => T;
}

/** An unsigned 64-bit id. */
export const ID: Codec<bigint> = { type: "integer", write: fromId, read: id };
/** A number; see {@link number}. */
export const NUMBER: Codec<number> = { type: "real", write: (value) => value, read: number };
export const BYTES: Codec<Uint8Array> = { type: "bytes", write: (value) => value, read: bytes };
/** Text from outside, stored as UTF-8 bytes; see {@link fromText}. */
export const FOREIGN_TEXT: Codec<string> = { type: "bytes", write: fromText, read: foreignText };

/** Text of this program without NUL, such as a state. */
export function ownText<T extends string>(): Codec<T> {
  return { type: "text", write: (value) => value, read: (row, column) => text(row, column) as T };
}

/** A column of a record's table, and how its field is stored there. */
export interface Column<T> {
  readonly name: string;
  readonly codec: Codec<T>;
  /** Whether the column may be NULL, which is a field that is missing. */
  readonly isOptional: boolean;
}

/** A column that may be NULL. */
export interface OptionalColumn<T> extends Column<T> {
  readonly isOptional: true;
}

/** One column for each field of a record. The compiler reports a field without a column. */
export type Columns<R> = {
  readonly [Field in keyof R]-?: undefined extends R[Field]
    ? OptionalColumn<Exclude<R[Field], undefined>>
    : Column<R[Field]>;
};

/** A column that is never NULL. */
export function column<T>(name: string, codec: Codec<T>): Column<T> {
  return { name, codec, isOptional: false };
}

/** A column that is NULL if the field is missing. */
export function optionalColumn<T>(name: string, codec: Codec<T>): OptionalColumn<T> {
  return { name, codec, isOptional: true };
}

/** Stores records of one type in the columns of a table, field by field. */
export class RecordColumns<R extends object> {
  /** Names of the columns, in the order of {@link values}. */
  readonly names: readonly string[];
  readonly #columns: readonly (readonly [field: string, column: Column<unknown>])[];

  constructor(columns: Columns<R>) {
    this.#columns = Object.entries<Column<unknown>>(columns as Record<string, Column<unknown>>);
    this.names = this.#columns.map(([, { name }]) => name);
  }

  /** The columns with the types of their values, in the order of {@link values}. */
  get inserted(): readonly InsertedColumn[] {
    return this.#columns.map(([, { name, codec }]) => [name, codec.type]);
  }

  /** The values of a record's columns, in the order of {@link names}. */
  values(record: R): ColumnValue[] {
    const fields = record as Readonly<Record<string, unknown>>;
    return this.#columns.map(([field, { codec }]) => {
      const value = fields[field];
      return value === undefined ? null : codec.write(value);
    });
  }

  /** The record of a row. @throws data-loss if a value has the wrong type, or a required one is NULL */
  record(row: Row): R {
    const fields: Record<string, unknown> = {};
    for (const [field, { name, codec, isOptional }] of this.#columns) {
      if (isOptional && row[name] === null) continue;
      fields[field] = codec.read(row, name);
    }
    return fields as R;
  }
}
