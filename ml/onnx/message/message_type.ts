import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { type Field, requireEnd } from "./field.ts";

/** Deepest nesting of messages: the limit of other readers of protocol buffers. */
const MAX_DEPTH = 100;

/** The reader and the writer of each property of a message, in the order of the fields' numbers. */
export type FieldTable<M> = { readonly [K in keyof M]-?: Field<M[K]> };

/**
 * Reads and writes one type of message in the format of protocol buffers. Unknown fields are skipped. A field with an
 * unexpected wire type makes the message invalid.
 */
export class OnnxMessageType<M extends object> {
  readonly #fields: readonly (readonly [keyof M, Field<unknown>])[];
  readonly #byNumber: ReadonlyMap<number, readonly [keyof M, Field<unknown>]>;

  constructor(fields: FieldTable<M>) {
    this.#fields = Object.entries(fields) as unknown as [keyof M, Field<unknown>][];
    this.#byNumber = new Map(this.#fields.map((entry) => [entry[1].number, entry]));
  }

  /** A message with some values; the others are empty. */
  create(values: Partial<M> = {}): M {
    const message: Partial<Record<keyof M, unknown>> = {};
    for (const [name, field] of this.#fields) message[name] = values[name] ?? field.empty();
    return message as M;
  }

  /**
   * Reads a message. Bytes are not copied: its byte arrays are views of the given array.
   *
   * @throws Error when the bytes are not such a message
   */
  decode(bytes: Uint8Array): M {
    return this.read(new BinaryReader(bytes), undefined, bytes.length, 1);
  }

  /** Encodes a message. */
  encode(message: M): Uint8Array<ArrayBuffer> {
    const writer = new BinaryWriter();
    this.write(writer, message);
    return writer.finish();
  }

  /**
   * Reads a message that ends at a position.
   *
   * @param before an earlier message to merge into: a message may come in several pieces
   */
  read(reader: BinaryReader, before: M | undefined, end: number, depth: number): M {
    if (depth > MAX_DEPTH) {
      throw new RangeError(`messages are nested more than ${MAX_DEPTH} levels deep`);
    }
    const message = before ?? this.create();
    const values = message as Record<keyof M, unknown>;
    while (reader.pos < end) {
      const [number, wire] = reader.tag();
      const entry = this.#byNumber.get(number);
      if (entry === undefined) {
        reader.skip(wire, number, MAX_DEPTH - depth);
        continue;
      }
      const [name, field] = entry;
      values[name] = field.read(reader, values[name], wire, depth);
    }
    requireEnd(reader, end);
    return message;
  }

  /** Writes a message's fields. */
  write(writer: BinaryWriter, message: M): void {
    for (const [name, field] of this.#fields) field.write(writer, message[name]);
  }
}
