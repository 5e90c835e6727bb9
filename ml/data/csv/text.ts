import { MAX_CSV_LINE_BYTES } from "./rows.ts";
import { joinBytes } from "../../../base/bytes.ts";
import { FlwrError } from "../../../base/error.ts";
import { FILE_KIND_BYTES, fileKind } from "../../../base/file_kind.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** Byte order marks (Unicode 16, 23.8). */
const MARKS: readonly (readonly [mark: readonly number[], encoding: string])[] = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
];

/**
 * Decodes a file's text, piece by piece. Bytes that are not valid in the encoding are refused: a replacement character
 * would make different texts equal.
 *
 * @param label name of the encoding if there is no byte order mark
 * @throws FlwrError "invalid-argument" that names the line with the first invalid byte
 */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  label = "utf-8",
): AsyncGenerator<string> {
  let decoder: LineDecoder | undefined;
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : joinBytes([rest, chunk]);
    if (decoder === undefined && rest.length >= FILE_KIND_BYTES) {
      [decoder, rest] = startDecoding(rest, label);
    }
    if (decoder === undefined) continue;
    const end = decoder.lineEnd(rest);
    if (end > 0) yield decoder.decode(rest.subarray(0, end));
    rest = rest.subarray(end);
    if (rest.length > MAX_CSV_LINE_BYTES) {
      throw new FlwrError(
        "resource-exhausted",
        `Line ${decoder.line} is longer than ${MAX_CSV_LINE_BYTES} bytes`,
      );
    }
  }
  if (decoder === undefined) [decoder, rest] = startDecoding(rest, label);
  if (rest.length > 0) yield decoder.decode(rest);
  decoder.end();
}

function startDecoding(bytes: Uint8Array, label: string): [LineDecoder, Uint8Array] {
  refuseOthers(bytes);
  const marked = MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte));
  if (marked === undefined) return [new LineDecoder(label), bytes];
  return [new LineDecoder(marked[1]), bytes.subarray(marked[0].length)];
}

/**
 * Refuses files that are not text, and UTF-32, which TextDecoder does not support.
 *
 * @throws FlwrError "invalid-argument" that names the format
 */
function refuseOthers(bytes: Uint8Array): void {
  const kind = fileKind(bytes);
  if (kind !== undefined) {
    throw new FlwrError("invalid-argument", `The file is not a table of text: it is ${kind.name}`, {
      hints: kind.hint === undefined ? [] : [kind.hint],
    });
  }
  const mark = bytes.subarray(0, 4).toHex();
  if (mark === "fffe0000" || mark === "0000feff") {
    throw new FlwrError("invalid-argument", "The file is text in UTF-32, which is not supported", {
      hints: ["Save it as UTF-8"],
    });
  }
}

/** ASCII letters in UTF-16 have a zero in every second byte. */
function looksLikeUtf16(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const start = bytes.subarray(0, FILE_KIND_BYTES & ~1);
  const zeros = (odd: 0 | 1) => start.filter((byte, i) => i % 2 === odd && byte === 0).length;
  const pairs = start.length >> 1;
  if (zeros(1) === pairs && zeros(0) === 0) return "utf-16le";
  return zeros(0) >= pairs && zeros(1) === 0 ? "utf-16be" : undefined;
}

/** Decodes complete lines, and counts them. */
class LineDecoder {
  readonly #decoder: TextDecoder;
  /** Bytes of a line feed; two in UTF-16. */
  readonly #unit: 1 | 2;
  /** Number of the next line, from 1. */
  line = 1;

  constructor(label: string) {
    try {
      this.#decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
    } catch (cause) {
      throw new FlwrError("invalid-argument", `Unknown text encoding "${label}"`, {
        hints: ['Known are, for example, "utf-8", "utf-16le", "windows-1252" and "shift_jis"'],
        cause,
      });
    }
    this.#unit = this.#decoder.encoding.startsWith("utf-16") ? 2 : 1;
  }

  /** The offset after the last complete line; 0 if there is none. */
  lineEnd(bytes: Uint8Array): number {
    if (this.#unit === 2) return bytes.length - bytes.length % 2;
    return Math.max(bytes.lastIndexOf(LINE_FEED), bytes.lastIndexOf(CARRIAGE_RETURN)) + 1;
  }

  /** Decodes complete lines, or the rest of the file. */
  decode(bytes: Uint8Array): string {
    if (this.#unit === 1 && bytes.includes(0)) {
      const utf16 = this.line === 1 ? looksLikeUtf16(bytes) : undefined;
      throw new FlwrError(
        "invalid-argument",
        `Line ${
          this.line + linesUpTo(bytes, bytes.indexOf(0))
        } has a zero byte: the file is not text in ` +
          `${this.#decoder.encoding}`,
        {
          hints: [
            utf16 === undefined
              ? "The file may be damaged, or have another format than CSV"
              : `Set encoding: "${utf16}": every second byte is zero`,
          ],
        },
      );
    }
    try {
      // Decoded as a stream, because a pair of UTF-16 units can be divided between two pieces.
      const text = this.#decoder.decode(bytes, { stream: true });
      if (this.#unit === 1) this.line += linesUpTo(bytes, bytes.length);
      return text;
    } catch (cause) {
      throw this.#refuse(bytes, cause);
    }
  }

  /** Ends the file. @throws FlwrError "invalid-argument" when it ends within a character */
  end(): void {
    try {
      this.#decoder.decode();
    } catch (cause) {
      throw this.#refuse(new Uint8Array(), cause);
    }
  }

  #refuse(bytes: Uint8Array, cause: unknown): FlwrError {
    const { encoding } = this.#decoder;
    const hints = encoding === "utf-8"
      ? ['Save the file as UTF-8, or set encoding: "windows-1252" if a program of Windows wrote it']
      : [];
    const bad = this.#unit === 1 ? firstBadLine(bytes, encoding) : undefined;
    const where = bad === undefined ? "The file" : `Line ${this.line + bad}`;
    return new FlwrError("invalid-argument", `${where} is not text in ${encoding}`, {
      hints,
      cause,
    });
  }
}

/** The index of the first line that cannot be decoded on its own. */
function firstBadLine(bytes: Uint8Array, encoding: string): number | undefined {
  for (let start = 0, line = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed + 1;
    try {
      new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end;
  }
  return undefined;
}

function linesUpTo(bytes: Uint8Array, end: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1 && at < end;) {
    lines++;
    at = bytes.indexOf(LINE_FEED, at + 1);
  }
  return lines;
}
