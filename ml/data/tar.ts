import { FlwrError } from "../../base/error.ts";

/** Most files in an archive. */
const MAX_ARCHIVE_ENTRIES = 1_000;

/** Most bytes of one file in an archive; the largest ones of CIFAR-10 have 31 MB. */
const MAX_ARCHIVE_ENTRY_BYTES = 2 ** 26;

/** Most bytes of all files in an archive. */
const MAX_ARCHIVE_BYTES = 2 ** 30;

/** A regular file in an archive. */
export interface TarEntry {
  /** Path in the archive, with forward slashes. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Size of an archive's records (POSIX ustar), in bytes. */
const RECORD = 512;

/** Types of entries (POSIX ustar, pax, GNU), as characters. */
const REGULAR = new Set(["0", "\0"]);
const FOLDER = "5";
/** Attributes of other entries, whose content is not used. */
const ATTRIBUTES = new Set(["x", "g"]);

/**
 * Yields the wanted regular files of a tar archive (POSIX ustar), one after the other, in memory. Nothing is written to
 * the disk. Links, devices, and paths that leave a folder are refused, even if they are not wanted.
 *
 * @param wanted returns by path whether a file is wanted; others are skipped
 * @throws FlwrError "data-loss" when the archive is damaged or truncated, "invalid-argument" when it contains an
 * unsupported entry, "resource-exhausted" beyond the limits
 */
export async function* readTar(
  stream: ReadableStream<Uint8Array>,
  wanted: (name: string) => boolean,
): AsyncGenerator<TarEntry> {
  await using source = new RecordReader(stream);
  let total = 0;
  for (let count = 0;; count++) {
    const header = await source.read(RECORD);
    if (header.every((byte) => byte === 0)) return;
    if (count === MAX_ARCHIVE_ENTRIES) throw tooLarge(`has more than ${MAX_ARCHIVE_ENTRIES} files`);
    const { name, size, type } = parseHeader(header);
    total += size;
    if (size > MAX_ARCHIVE_ENTRY_BYTES || total > MAX_ARCHIVE_BYTES) {
      throw tooLarge(`is too large at "${name}": ${total} bytes`);
    }
    const padded = Math.ceil(size / RECORD) * RECORD;
    if (REGULAR.has(type) && wanted(name)) {
      yield { name, bytes: (await source.read(padded)).subarray(0, size) };
    } else if (REGULAR.has(type) || type === FOLDER || ATTRIBUTES.has(type)) {
      await source.skip(padded);
    } else {
      throw new FlwrError(
        "invalid-argument",
        `Archive contains "${name}", which is not a file: type ${JSON.stringify(type)}`,
      );
    }
  }
}

function parseHeader(header: Uint8Array): { name: string; size: number; type: string } {
  const text = (at: number, length: number) =>
    String.fromCharCode(...header.subarray(at, at + length)).replace(/\0.*$/s, "");
  // The sum of all bytes, in which those of the checksum itself count as spaces.
  const sum = header.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  if (octal(text(148, 8)) !== sum) throw damaged("a header does not match its checksum");
  const prefix = text(257, 5) === "ustar" ? text(345, 155) : "";
  const name = prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  // deno-lint-ignore no-control-regex -- control characters are what is refused
  if (name === "" || /^\/|^[A-Za-z]:|\\|[\x00-\x1f]|(^|\/)\.\.(\/|$)/.test(name)) {
    throw new FlwrError(
      "invalid-argument",
      `Archive contains an unsafe path: ${JSON.stringify(name)}`,
    );
  }
  const size = octal(text(124, 12));
  if (size === undefined) throw damaged(`"${name}" has no readable size`);
  return { name, size, type: String.fromCharCode(header[156]!) };
}

function octal(text: string): number | undefined {
  const digits = /^ *([0-7]{1,12}) *$/.exec(text)?.[1];
  return digits === undefined ? undefined : parseInt(digits, 8);
}

function damaged(what: string, cause?: unknown): FlwrError {
  return new FlwrError("data-loss", `Archive is damaged: ${what}`, { cause });
}

function tooLarge(what: string): FlwrError {
  return new FlwrError("resource-exhausted", `Archive ${what}`);
}

/** Reads exact numbers of bytes from a stream; disposing of it cancels the stream. */
class RecordReader implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    await this.#each(length, (chunk) => {
      bytes.set(chunk, filled);
      filled += chunk.length;
    });
    return bytes;
  }

  async skip(length: number): Promise<void> {
    await this.#each(length, () => {});
  }

  async #each(length: number, use: (chunk: Uint8Array) => void): Promise<void> {
    for (let left = length; left > 0;) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const chunk = this.#rest.subarray(0, left);
      use(chunk);
      left -= chunk.length;
      this.#rest = this.#rest.subarray(chunk.length);
    }
  }

  async #next(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const { value, done } = await this.#reader.read();
      if (!done) return value as Uint8Array<ArrayBuffer>;
    } catch (error) {
      throw error instanceof FlwrError ? error : damaged("it cannot be read", error);
    }
    throw damaged("it ends too early");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A stream that has already failed has reported its error; cancelling it again adds nothing.
    await this.#reader.cancel().catch(() => {});
  }
}
