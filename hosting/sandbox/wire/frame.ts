import { FlwrError } from "../../../base/error.ts";

/**
 * Longest text of a frame, in bytes. The node parses the texts of apps in the thread that serves all of its work: the
 * slowest text of this length (empty lists) takes some milliseconds. Records are in the body, as columns.
 */
export const MAX_FRAME_TEXT_BYTES = { fromApp: 256 * 1024, toApp: 64 * 1024 ** 2 } as const;

/** Most bytes in a frame's body (protocol buffers: 2 GiB). */
export const MAX_FRAME_BODY_BYTES = 2 ** 31;

/** Alignment of arrays in a frame's body, in bytes: the same as in a .npy file. */
export const BODY_ALIGNMENT = 64;

/** Byte arrays that a frame carries as one, each aligned. `unpackRecords` divides it again. */
export class ByteRun {
  constructor(readonly parts: readonly Uint8Array[]) {}
}

/** A frame's head: these four bytes, the length of the text (uint32) and of the body (float64), little-endian. */
const MAGIC = 0x72_77_6c_66; // "flwr"
const HEAD_BYTES = 16;

/** Encodes a value as the bytes of a frame. They are returned in pieces, so that arrays are not copied. */
export function encodeFrame(value: unknown): Uint8Array[] {
  const { text, parts, bodyLength } = encodeValue(value);
  const start = new Uint8Array(HEAD_BYTES + text.length);
  const head = new DataView(start.buffer);
  head.setUint32(0, MAGIC, true);
  head.setUint32(4, text.length, true);
  head.setFloat64(8, bodyLength, true);
  start.set(text, HEAD_BYTES);
  const pieces: Uint8Array[] = [start];
  let end = 0;
  for (const { offset, bytes } of parts) {
    if (offset > end) pieces.push(new Uint8Array(offset - end));
    if (bytes.length > 0) pieces.push(bytes);
    end = offset + bytes.length;
  }
  return pieces;
}

/** A decoded frame. */
export interface Frame {
  readonly value: unknown;
  /** The buffer that holds the value's byte arrays. */
  readonly body: ArrayBuffer;
  /** Bytes of a body that was longer than `keptBytes` allows. It was discarded, and the byte arrays are empty. */
  readonly omitted: number;
}

/** Limits for reading a stream of frames. */
export interface FrameLimits {
  /** Longest text, in bytes. */
  readonly textBytes: number;
  /** Longest body of any frame, in bytes. Default: {@link MAX_FRAME_BODY_BYTES}. */
  readonly bodyBytes?: number;
  /**
   * Returns the longest body to keep for a text (as parsed JSON), in bytes. It is called before the body is read.
   * Default: `bodyBytes`.
   */
  readonly keptBytes?: (text: unknown) => number;
}

/**
 * Decodes the frames of a stream. Each is read when the caller asks for it.
 *
 * @throws FlwrError "invalid-argument" when a frame is malformed or incomplete, "resource-exhausted" when one is too long
 */
export async function* decodeFrames(
  stream: AsyncIterable<Uint8Array>,
  { textBytes, bodyBytes = MAX_FRAME_BODY_BYTES, keptBytes }: FrameLimits,
): AsyncGenerator<Frame, void, undefined> {
  const source = new ByteSource(stream);
  const head = new Uint8Array(HEAD_BYTES);
  while (await source.fill(head)) {
    const view = new DataView(head.buffer);
    const [magic, textLength] = [view.getUint32(0, true), view.getUint32(4, true)];
    const bodyLength = view.getFloat64(8, true);
    if (magic !== MAGIC || !Number.isSafeInteger(bodyLength) || bodyLength < 0) {
      throw new FlwrError("invalid-argument", "Malformed frame");
    }
    if (textLength > textBytes || bodyLength > bodyBytes) {
      throw new FlwrError(
        "resource-exhausted",
        `A frame is too long: ${textLength} bytes of text and ${bodyLength} of body ` +
          `(limits: ${textBytes} and ${bodyBytes})`,
      );
    }
    const text = new Uint8Array(textLength);
    if (!await source.fill(text)) throw cutOff();
    const parsed = parseText(text);
    if (bodyLength > (keptBytes?.(parsed) ?? bodyBytes)) {
      await source.skip(bodyLength);
      const body = new ArrayBuffer(0);
      yield { value: restoreValue(parsed, undefined), body, omitted: bodyLength };
      continue;
    }
    const body = new Uint8Array(bodyLength);
    if (!await source.fill(body)) throw cutOff();
    yield { value: restoreValue(parsed, body.buffer), body: body.buffer, omitted: 0 };
  }
}

function cutOff(): FlwrError {
  return new FlwrError("invalid-argument", "The stream ends within a frame");
}

/** Reads a given number of bytes from a stream. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Discards the next bytes. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#chunks.next();
        if (done) throw cutOff();
        this.#rest = value as Uint8Array<ArrayBuffer>;
      }
      const passed = Math.min(left, this.#rest.length);
      this.#rest = this.#rest.subarray(passed);
      left -= passed;
    }
  }

  /** Fills an array with the next bytes. Returns false if the stream has ended before the first. */
  async fill(target: Uint8Array): Promise<boolean> {
    for (let filled = 0; filled < target.length;) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#chunks.next();
        if (done) {
          if (filled > 0) throw cutOff();
          return false;
        }
        this.#rest = value as Uint8Array<ArrayBuffer>;
        continue;
      }
      const taken = this.#rest.subarray(0, target.length - filled);
      target.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    return true;
  }
}

/**
 * The file descriptor to which an app's process writes frames for the node. Stdout and stderr carry what the app prints.
 */
export const FRAMES_FD = 3;

/** Deepest nesting of a frame's value. Ours are nested 5 levels deep. */
export const MAX_DEPTH = 16;

/** A value as JSON text, and its byte arrays, each with its offset in the frame's body. */
export interface EncodedValue {
  readonly text: Uint8Array;
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly bodyLength: number;
}

/** Field names that mark values which JSON lacks: `{"$bigint": "1"}`. No object of ours has such a field. */
const TAGS = { bytes: "$bytes", bigint: "$bigint", number: "$number" } as const;

const TAGGED: ReadonlySet<string> = new Set(Object.values(TAGS));

/**
 * Encodes a value of plain objects, lists, texts, numbers, bigints and byte arrays as JSON. Undefined fields are left
 * out. A {@link ByteRun} is decoded as one byte array.
 */
export function encodeValue(value: unknown): EncodedValue {
  const parts: { offset: number; bytes: Uint8Array }[] = [];
  let end = 0;
  const place = (bytes: Uint8Array) => {
    const offset = aligned(end);
    parts.push({ offset, bytes });
    end = offset + bytes.length;
    return offset;
  };
  const text = JSON.stringify(value, (_, field: unknown) => {
    if (typeof field === "bigint") return { [TAGS.bigint]: String(field) };
    if (typeof field === "number" && (!Number.isFinite(field) || Object.is(field, -0))) {
      return { [TAGS.number]: Object.is(field, -0) ? "-0" : String(field) };
    }
    if (field instanceof Uint8Array) return { [TAGS.bytes]: [place(field), field.length] };
    if (!(field instanceof ByteRun)) return field;
    const [start = 0] = field.parts.map(place);
    return { [TAGS.bytes]: [start, field.parts.length === 0 ? 0 : end - start] };
  });
  return { text: new TextEncoder().encode(text), parts, bodyLength: end };
}

function aligned(offset: number): number {
  return Math.ceil(offset / BODY_ALIGNMENT) * BODY_ALIGNMENT;
}

/**
 * Parses a frame's text as JSON. {@link restoreValue} turns the result into the value.
 *
 * The time grows with the text's length, which the caller must limit: 256 KiB of empty lists take a few milliseconds. A
 * reviver for JSON.parse would take fifty times as long.
 *
 * @throws FlwrError "invalid-argument" when the text is not JSON in UTF-8
 */
export function parseText(text: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (cause) {
    throw new FlwrError("invalid-argument", "A frame's text is not readable", { cause });
  }
}

/**
 * Decodes a value of {@link encodeValue} from its parsed JSON, which is modified. Byte arrays are views of the body.
 *
 * @param body undefined if it was discarded: byte arrays are then empty
 * @throws FlwrError "invalid-argument" when the value is malformed, nested too deep, or has bytes outside of the body
 */
export function restoreValue(parsed: unknown, body: ArrayBuffer | undefined): unknown {
  return restored(parsed, body, MAX_DEPTH);
}

function restored(value: unknown, body: ArrayBuffer | undefined, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) throw malformed();
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const element: unknown = value[index];
      if (typeof element === "object" && element !== null) {
        value[index] = restored(element, body, depth - 1);
      }
    }
    return value;
  }
  const fields = value as Record<string, unknown>;
  const names = Object.keys(fields);
  if (names.length === 1 && TAGGED.has(names[0]!)) return restore(names[0]!, fields, body);
  for (const name of names) {
    const field = fields[name];
    if (typeof field !== "object" || field === null) continue;
    const put = restored(field, body, depth - 1);
    // Not an assignment, because a field named "__proto__" would then set the prototype.
    if (put !== field) Object.defineProperty(fields, name, { ...PLAIN, value: put });
  }
  return value;
}

const PLAIN = { configurable: true, enumerable: true, writable: true } as const;

function restore(
  tag: string,
  field: Record<string, unknown>,
  body: ArrayBuffer | undefined,
): unknown {
  const value = field[tag];
  switch (tag) {
    case TAGS.bigint:
      if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value);
      throw malformed();
    case TAGS.number:
      if (value === "NaN" || value === "-0" || value === "Infinity" || value === "-Infinity") {
        return Number(value);
      }
      throw malformed();
    case TAGS.bytes: {
      if (body === undefined) return new Uint8Array(0);
      const [offset, length] = Array.isArray(value) ? value as unknown[] : [];
      if (!isCount(offset) || !isCount(length) || offset + length > body.byteLength) {
        throw malformed();
      }
      return new Uint8Array(body, offset, length);
    }
    default:
      return field;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function malformed(): FlwrError {
  return new FlwrError("invalid-argument", "A frame holds an invalid value");
}
