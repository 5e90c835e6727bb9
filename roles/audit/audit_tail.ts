import { FlwrError } from "../../base/error.ts";
import { sha256Hex } from "../../base/platform.ts";
import { MAX_LINE_BYTES } from "./line_reader.ts";
import { type ChainEnd, readRecord } from "./record.ts";

/** The end of a log that is continued. */
export interface AuditTail {
  /** The last whole record; undefined if the file has none. */
  readonly end?: ChainEnd;
  /** What follows it: incomplete lines, left by processes that were killed while they wrote. */
  readonly torn?: { readonly bytes: number; readonly sha256: string };
  /** Whether the file ends without a line end. */
  readonly lacksLineEnd: boolean;
}

/** Bytes of a file's end that are searched for the last whole record. */
const MAX_TAIL_BYTES = 2 * MAX_LINE_BYTES;

const LINE_FEED = 10;

/** How each line of an audit log begins. */
const LINE_START = '{"timestamp":"';

/**
 * Reads the end of an audit log.
 *
 * @param open the open file. (On Windows, another handle could not read a locked file.)
 * @param file its path, for the error
 * @throws FlwrError "failed-precondition" if the file does not end with records of an audit log
 */
export function readTail(open: Deno.FsFile, file: string): AuditTail {
  const { size } = open.statSync();
  if (size === 0) return { lacksLineEnd: false };
  const from = Math.max(0, size - MAX_TAIL_BYTES);
  open.seekSync(from, Deno.SeekMode.Start);
  const bytes = readFully(open, size - from);
  const lacksLineEnd = bytes.at(-1) !== LINE_FEED;
  const ended = lacksLineEnd ? bytes : bytes.subarray(0, -1);
  let rest = ended.length;
  while (rest >= 0) {
    const start = rest === 0 ? 0 : ended.lastIndexOf(LINE_FEED, rest - 1) + 1;
    const line = ended.subarray(start, rest);
    const record = readRecord(decode(line));
    if (record?.isWhole) {
      const { sequence, hash } = record;
      const torn = tornPart(ended.subarray(rest + 1));
      return { end: { sequence, hash }, lacksLineEnd, ...torn };
    }
    // A line that was cut off does not end like a record. So this one was changed.
    if (record !== undefined || !isBeginning(line)) throw foreign(file);
    if (start === 0) break;
    rest = start - 1;
  }
  if (from > 0) throw foreign(file);
  return { lacksLineEnd, ...tornPart(ended) };
}

function tornPart(bytes: Uint8Array<ArrayBuffer>): Pick<AuditTail, "torn"> {
  if (bytes.length === 0) return {};
  return { torn: { bytes: bytes.length, sha256: sha256Hex(bytes) } };
}

function readFully(file: Deno.FsFile, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function isBeginning(line: Uint8Array): boolean {
  return line.length > 0 && LINE_START.startsWith(decode(line.subarray(0, LINE_START.length)));
}

function foreign(file: string): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `--audit-log: file "${file}" does not end with an unchanged record of an audit log`,
    {
      hints: [
        `See what is wrong: flwr audit verify "${file}"`,
        "Move the file away, or name another one; a new chain then begins",
      ],
    },
  );
}
