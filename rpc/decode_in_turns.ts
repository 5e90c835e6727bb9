import {
  create,
  type DescField,
  type DescMessage,
  mergeFromBinary,
  type Message,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { joinBytes } from "../base/bytes.ts";
import { Turns } from "../base/turn.ts";
import { tooManyParts } from "./codec.ts";
import { records, type WireRecord, WireType } from "./wire/records.ts";
import { writeVarint } from "./wire/varint.ts";
import { MAX_MESSAGE_DEPTH, weigh } from "./wire/weigh.ts";

/** Bytes of a request that are decoded before others have their turn: some 2 ms of trees, 15 ms of empty messages. */
export const DECODED_BYTES_PER_TURN = 32 * 1024;

/**
 * As `decodeRequest`, for requests that take longer than others should wait: they have their turn after about every
 * {@link DECODED_BYTES_PER_TURN} of it. A protobuf message may be cut between any two of its fields, because the parts
 * one after the other are merged into the whole. A field that is longer than a part is cut itself: a message between its
 * own fields, a map's entry within its value, a packed list between its numbers.
 *
 * @param most what it may cost, in the units of `weigh`
 * @throws ApiError "request-malformed" for a message with too many fields; Error for bytes that are no such message
 */
export async function decodeInTurns<M extends DescMessage>(
  schema: M,
  bytes: Uint8Array,
  most: number,
): Promise<MessageShape<M>> {
  const message = create(schema);
  // A unit takes a byte at least.
  const decoder = new Decoder(schema, bytes.length <= most ? Infinity : most);
  await decoder.merge({ schema, message, depth: 1 }, bytes);
  return message;
}

/** A message that is being decoded. */
interface Place {
  readonly schema: DescMessage;
  readonly message: Message;
  /** Levels from the whole to it: 1 for the whole. */
  readonly depth: number;
}

class Decoder {
  readonly #whole: DescMessage;
  readonly #most: number;
  readonly #turns = new Turns(DECODED_BYTES_PER_TURN);
  #units = 0;

  constructor(whole: DescMessage, most: number) {
    this.#whole = whole;
    this.#most = most;
  }

  /** Merges fields into a message. */
  async merge(place: Place, bytes: Uint8Array): Promise<void> {
    let from = 0;
    let end = 0;
    for (const record of records(bytes)) {
      const start = end;
      end += record.raw.length;
      const field = record.raw.length > DECODED_BYTES_PER_TURN
        ? fieldToCut(place, record)
        : undefined;
      if (field !== undefined) {
        await this.#part(place, bytes.subarray(from, start));
        await this.#cut(place, field, record);
        from = end;
      } else if (end - from >= DECODED_BYTES_PER_TURN) {
        await this.#part(place, bytes.subarray(from, end));
        from = end;
      }
    }
    await this.#part(place, bytes.subarray(from));
  }

  /** Merges fields at once. */
  async #part({ schema, message, depth }: Place, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const left = this.#most - this.#units;
    if (left !== Infinity) this.#spend(weigh(schema, bytes, left, depth));
    mergeFromBinary(schema, message, bytes, { recursionLimit: MAX_MESSAGE_DEPTH - depth + 1 });
    await this.#turns.spend(bytes.length);
  }

  #spend(units: number): void {
    this.#units += units;
    if (this.#units > this.#most) throw tooManyParts(this.#whole, this.#most);
  }

  /** Merges one field in parts. */
  async #cut(place: Place, field: DescField, { number, value }: WireRecord): Promise<void> {
    const { message } = place;
    if (field.fieldKind === "map") return await this.#entry(place, field, value);
    if (field.fieldKind === "message") {
      return put(message, field, await this.#within(place, field.message, value, field));
    }
    if (field.message !== undefined) {
      const list: Message[] = Reflect.get(message, field.localName);
      return void list.push(await this.#within(place, field.message, value));
    }
    for (const part of partsOfList(field, value)) await this.#part(place, fieldOf(number, part));
  }

  /** A message in a message. @param field where it is merged into one that came before */
  async #within(
    { message: around, depth }: Place,
    schema: DescMessage,
    bytes: Uint8Array,
    field?: DescField,
  ): Promise<Message> {
    if (depth === MAX_MESSAGE_DEPTH) throw new Error("Messages are nested too deep");
    this.#spend(COST_OF_MESSAGE);
    const message = (field && heldBy(around, field)) ?? create(schema);
    await this.merge({ schema, message, depth: depth + 1 }, bytes);
    return message;
  }

  /** An entry of a map, of whose values the last one counts. Its key is decoded as one of an entry without a value. */
  async #entry(
    place: Place,
    field: DescField & { fieldKind: "map" },
    bytes: Uint8Array,
  ): Promise<void> {
    const others: Uint8Array[] = [];
    let value: Message | undefined;
    for (const record of records(bytes)) {
      const isValue = record.number === ENTRY_VALUE && record.wireType === WireType.Bytes;
      if (isValue) value = await this.#within(place, field.message!, record.value);
      else others.push(record.raw);
    }
    const alone = create(place.schema);
    const entry = fieldOf(field.number, joinBytes(others));
    await this.#part({ ...place, message: alone }, entry);
    const empty: Record<string, Message> = Reflect.get(alone, field.localName);
    const entries: Record<string, Message> = Reflect.get(place.message, field.localName);
    for (const key of Object.keys(empty)) entries[key] = value ?? empty[key]!;
  }
}

/** A field and a message, as `weigh` counts them. */
const COST_OF_MESSAGE = 2;
/** The field of a map's entry that has its value (protobuf encoding guide, "maps"). */
const ENTRY_VALUE = 2;

/** The field that a record is of, if its value can be cut. */
function fieldToCut({ schema }: Place, { number, wireType }: WireRecord): DescField | undefined {
  if (wireType !== WireType.Bytes) return undefined;
  const field = schema.fields.find((one) => one.number === number);
  if (field === undefined) return undefined;
  // Protobuf's own messages have forms of their own in memory.
  if (field.message !== undefined) {
    return field.message.typeName.startsWith("google.protobuf.") ? undefined : field;
  }
  const isOfNumbers = field.fieldKind === "list" && field.scalar !== ScalarType.STRING &&
    field.scalar !== ScalarType.BYTES;
  return isOfNumbers ? field : undefined;
}

/** What a field of a message holds, whether it stands alone or is one of several that exclude each other. */
function heldBy(message: Message, { oneof, localName }: DescField): Message | undefined {
  if (oneof === undefined) return Reflect.get(message, localName);
  const chosen: { case?: string; value?: Message } = Reflect.get(message, oneof.localName);
  return chosen.case === localName ? chosen.value : undefined;
}

function put(message: Message, { oneof, localName }: DescField, value: Message): void {
  if (oneof === undefined) Reflect.set(message, localName, value);
  else Reflect.set(message, oneof.localName, { case: localName, value });
}

/** The parts of a packed list. Numbers of a fixed size have 4 or 8 bytes, of which a part is a multiple. */
function* partsOfList({ scalar }: DescField, bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length;) {
    let end = Math.min(bytes.length, from + DECODED_BYTES_PER_TURN);
    if (!isFixed(scalar)) { while (end < bytes.length && bytes[end - 1]! >= 0x80) end++; }
    yield bytes.subarray(from, end);
    from = end;
  }
}

/** Whether all numbers of a type have one size. @param scalar undefined for an enum */
function isFixed(scalar: ScalarType | undefined): boolean {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED32:
    case ScalarType.SFIXED64:
      return true;
    default:
      return false;
  }
}

/** A field of bytes as it stands in a message. */
function fieldOf(number: number, value: Uint8Array): Uint8Array {
  return joinBytes([writeVarint(number * 8 + WireType.Bytes), writeVarint(value.length), value]);
}
