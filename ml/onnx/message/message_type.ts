import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { type Field, requireEnd } from "./field.ts";

/** How deep messages may lie in each other: the limit that other readers of protocol buffers have, too. */
const MAX_DEPTH = 100;

/** How each property of a message is read and written, in the order of the fields' numbers. */
export type Fields<M> = { readonly [K in keyof M]-?: Field<M[K]> };

/**
 * Reads and writes messages of one kind in the form of protocol buffers. Fields that the kind does not have are passed
 * over. Where a field is laid out in another way than its kind is, the message is damaged.
 */
export class MessageType<M extends object> {
  readonly #fields: readonly (readonly [keyof M, Field<unknown>])[];
  readonly #byNumber: ReadonlyMap<number, readonly [keyof M, Field<unknown>]>;

  constructor(fields: Fields<M>) {
    this.#fields = Object.entries(fields) as unknown as [keyof M, Field<unknown>][];
    this.#byNumber = new Map(this.#fields.map((entry) => [entry[1].number, entry]));
  }

  /** A message with some values; what is left out is empty. */
  create(values: Partial<M> = {}): M {
    const message: Partial<Record<keyof M, unknown>> = {};
    for (const [name, field] of this.#fields) message[name] = values[name] ?? field.empty();
    return message as M;
  }

  /**
   * Reads a message. Its bytes are not copied: what it holds of them lies in the given array.
   *
   * @throws Error when the bytes are no such message
   */
  decode(bytes: Uint8Array): M {
    return this.read(new BinaryReader(bytes), undefined, bytes.length, 1);
  }

  /** The bytes of a message. */
  encode(message: M): Uint8Array<ArrayBuffer> {
    const writer = new BinaryWriter();
    this.write(writer, message);
    return writer.finish();
  }

  /**
   * Reads a message that ends at a position.
   *
   * @param before one that it is merged into: a message may come in several pieces
   */
  read(reader: BinaryReader, before: M | undefined, end: number, depth: number): M {
    if (depth > MAX_DEPTH) throw new RangeError(`messages lie more than ${MAX_DEPTH} deep`);
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
