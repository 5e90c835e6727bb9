import { BODY_ALIGNMENT, ByteRun } from "./record_columns.ts";
import { FlwrError } from "../../../base/error.ts";

/**
 * Longest text of a frame in bytes. What an app's process says is parsed in the thread that serves everyone: this much
 * of the worst, empty lists, takes some milliseconds. Records are not in the text but in the body, as columns.
 */
export const MAX_FRAME_TEXT_BYTES = { fromApp: 256 * 1024, toApp: 64 * 1024 ** 2 } as const;

/** Most bytes in a frame's body (protocol buffers: 2 GiB). */
export const MAX_FRAME_BODY_BYTES = 2 ** 31;

/** A frame begins with these four bytes, the lengths of text (uint32) and body (float64), little-endian. */
const MAGIC = 0x72_77_6c_66; // "flwr"
const HEAD_BYTES = 16;

/** A value as the bytes of a frame, in pieces: arrays are not copied. */
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

/** A frame that was read. */
export interface Frame {
  readonly value: unknown;
  /** Where the value's byte arrays lie. */
  readonly body: ArrayBuffer;
  /** Bytes of a body that was too long for what the text says: it was not kept, and the byte arrays are empty. */
  readonly omitted: number;
}

/** What of a stream of frames is read. */
export interface FrameLimits {
  /** Longest text, in bytes. */
  readonly textBytes: number;
  /** Longest body of any frame, in bytes. Default: {@link MAX_FRAME_BODY_BYTES}. */
  readonly bodyBytes?: number;
  /**
   * Longest body that is kept for a text, as JSON says it, in bytes; asked before the body is read. Default: as long as
   * any.
   */
  readonly keptBytes?: (text: unknown) => number;
}

/**
 * The frames of a stream, each as it is complete. The next one is read when it is asked for.
 *
 * @throws FlwrError "invalid-argument" when the stream is none of frames or ends within one, "resource-exhausted" when a
 *   frame is too long
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
      throw new FlwrError("invalid-argument", "What was sent is no frame");
    }
    if (textLength > textBytes || bodyLength > bodyBytes) {
      throw new FlwrError(
        "resource-exhausted",
        `A frame has ${textLength} and ${bodyLength} bytes: ` +
          `at most ${textBytes} and ${bodyBytes} are read`,
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
  return new FlwrError("invalid-argument", "What was sent ends within a frame");
}

/** Takes so many bytes from a stream as are asked for. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Passes over so many bytes. */
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

  /** Fills an array; false when the stream had ended before. */
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
 * The file descriptor on which an app's process says something to the node. Not one of the standard three: what an app
 * prints goes there.
 */
export const FRAMES_FD = 3;

/** How deep the value in a frame's text may be nested: ours is 5 levels deep. */
export const MAX_DEPTH = 16;

/** A value as text, and the byte arrays that it holds, each with its place in the frame's body. */
export interface EncodedValue {
  readonly text: Uint8Array;
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly bodyLength: number;
}

/** What JSON cannot say, as an object with one of these names: no object of ours has them. */
const TAGS = { bytes: "$bytes", bigint: "$bigint", number: "$number" } as const;

const TAGGED: ReadonlySet<string> = new Set(Object.values(TAGS));

/**
 * A value of plain objects, lists, texts, numbers, bigints and byte arrays as JSON. Fields that are undefined are left
 * out. A {@link ByteRun} arrives as one byte array.
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
 * A frame's text as JSON says it; {@link restoreValue} makes the value of it.
 *
 * It costs time by its length, which the caller bounds: 256 KiB of empty lists take a few milliseconds. JSON.parse's own
 * reviver would take fifty times as long.
 *
 * @throws FlwrError "invalid-argument" when it is not JSON in UTF-8
 */
export function parseText(text: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (cause) {
    throw new FlwrError("invalid-argument", "A frame's text is not readable", { cause });
  }
}

/**
 * The value of {@link encodeValue}, from its text as JSON, which is changed. Byte arrays lie in the body, without a copy.
 *
 * @param body undefined: it was not read, byte arrays are empty
 * @throws FlwrError "invalid-argument" when it is no such value, is nested too deep, or places bytes outside of the body
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
    // The name of the prototype is one like any other: assigning to it would be something else.
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
