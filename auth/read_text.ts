import { joinBytes } from "../base/bytes.ts";
import { FlwrError } from "../base/error.ts";

/** A file named by the user, and the flag that named it. Errors show both. */
export interface NamedFile {
  readonly file: string;
  /** Such as "--auth-list-public-keys"; undefined if the file was not named by a flag. */
  readonly flag?: string;
}

/** The file and its flag for error messages: `"keys/a" (--auth-supernode-private-key)`. */
export function describeFile({ file, flag }: NamedFile): string {
  return flag === undefined ? `"${file}"` : `"${file}" (${flag})`;
}

/** A hint for files that "flwr keys generate" makes. */
export const CREATE_KEYS = "Create keys and certificates with: flwr keys generate";

/** What kind of file is read. */
export interface FileKind {
  /** Noun at the beginning of errors, such as "Private key". */
  readonly what: string;
  /** Largest size. No more than one byte beyond it is read. */
  readonly maxBytes: number;
  /** What the user can do if the file does not exist. */
  readonly ifAbsent?: string;
}

/** A kind of text file. */
export interface TextKind extends FileKind {
  /** "latin1" for PEM files: their blocks are ASCII, but the text between them may not be UTF-8. */
  readonly otherText?: "latin1";
}

/**
 * Reads a small file.
 *
 * @throws FlwrError not-found, permission-denied, invalid-argument (a folder), resource-exhausted (too large)
 */
export async function readBytes(named: NamedFile, kind: FileKind): Promise<Uint8Array> {
  const subject = subjectOf(named, kind);
  try {
    const { isDirectory, size } = await Deno.stat(named.file);
    if (isDirectory) throw new FlwrError("invalid-argument", `${subject} is a folder`);
    if (size > kind.maxBytes) throw tooLarge(subject, kind, `it has ${size} bytes`);
    using handle = await Deno.open(named.file);
    // Pipes and devices have no size: they are read to their end, or until they are too large.
    const bytes = await readUpTo(handle, kind.maxBytes + 1);
    if (bytes.length > kind.maxBytes) throw tooLarge(subject, kind, "it goes on beyond that");
    return bytes;
  } catch (error) {
    throw asFlwrError(error, subject, kind);
  }
}

/**
 * Reads the text of a small file.
 *
 * @throws FlwrError like readBytes, and invalid-argument (not UTF-8)
 */
export async function readText(named: NamedFile, kind: TextKind): Promise<string> {
  return decodeFile(await readBytes(named, kind), subjectOf(named, kind), kind.otherText);
}

function subjectOf(named: NamedFile, { what }: FileKind): string {
  return `${what} file ${describeFile(named)}`;
}

async function readUpTo(source: Pick<Deno.FsFile, "read">, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let left = most; left > 0;) {
    const chunk = new Uint8Array(Math.min(left, 2 ** 16));
    const count = await source.read(chunk);
    if (count === null) break;
    chunks.push(chunk.subarray(0, count));
    left -= count;
  }
  return joinBytes(chunks);
}

function tooLarge(subject: string, { maxBytes }: FileKind, size: string): FlwrError {
  return new FlwrError(
    "resource-exhausted",
    `${subject} is too large: ${size}, the limit is ${maxBytes} bytes`,
  );
}

function decodeFile(bytes: Uint8Array, subject: string, otherText?: "latin1"): string {
  const mark = bytes.subarray(0, 2).toHex();
  if (mark === "fffe" || mark === "feff") {
    throw new FlwrError("invalid-argument", `${subject} is text in UTF-16`, {
      hints: ["Save it as UTF-8. In PowerShell, use Out-File -Encoding ascii instead of >"],
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (otherText === "latin1") return new TextDecoder("latin1").decode(bytes);
    throw new FlwrError("invalid-argument", `${subject} is not text in UTF-8`, { cause });
  }
}

function asFlwrError(cause: unknown, subject: string, { ifAbsent }: FileKind): FlwrError {
  if (cause instanceof FlwrError) return cause;
  if (cause instanceof Deno.errors.NotFound) {
    const hints = ifAbsent === undefined ? [] : [ifAbsent];
    return new FlwrError("not-found", `${subject} does not exist`, { cause, hints });
  }
  if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable) {
    return new FlwrError("permission-denied", `${subject} cannot be read: permission denied`, {
      cause,
    });
  }
  return new FlwrError("failed-precondition", `${subject} cannot be read`, { cause });
}
