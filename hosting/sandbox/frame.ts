import { FlwrError } from "../../base/error.ts";
import { MAX_FRAME_BODY_BYTES } from "./limits.ts";
import { encodeValue, parseText, restoreValue } from "./plain_codec.ts";

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
