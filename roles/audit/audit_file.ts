import { basename, dirname, join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import type { AuditSink } from "./audit_sink.ts";
import { type AuditTail, readTail } from "./audit_tail.ts";

/** Smallest number of digits in the name of an older file. */
const NUMBER_DIGITS = 6;

/**
 * A file of an audit log. At its maximum size it is renamed to `<file>.000001`, `<file>.000002` and so on, and the log
 * goes on in a new file. Nothing is ever removed or overwritten: the owner of the log archives the older files.
 *
 * The file is locked, because a second process would break the chain.
 */
export class AuditFile implements AuditSink {
  readonly #path: string;
  readonly #maxBytes: number;
  #open: Deno.FsFile;
  #bytes: number;
  /** The end of the chain in the file, or in the newest older file if it is empty. */
  readonly tail: AuditTail;

  /**
   * Opens the file to append, or creates it with mode 0600.
   *
   * @param maxBytes size at which the next file begins
   * @throws FlwrError naming `--audit-log` if the file cannot be written, is in use, or is no audit log
   */
  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#open = openLocked(path);
    try {
      this.#bytes = this.#open.statSync().size;
      this.tail = this.#bytes > 0 ? readTail(this.#open, path) : tailOfOlder(path);
    } catch (error) {
      this.#open.close();
      throw error;
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    const written = await this.#open.write(bytes);
    this.#bytes += written;
    return written;
  }

  async prepare(bytes: number): Promise<void> {
    if (this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes) return;
    await this.#open.syncData();
    const older = nextOlder(this.#path);
    await Deno.rename(this.#path, older);
    try {
      this.#switchTo(openLocked(this.#path));
    } catch (error) {
      // The open file goes on under its old name.
      await Deno.rename(older, this.#path).catch(() => {});
      throw error;
    }
  }

  /** Goes on in a new file if this one was moved or removed. @returns whether it was */
  async reopenIfMoved(): Promise<boolean> {
    const own = await this.#open.stat();
    const there = await Deno.stat(this.#path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    if (there !== undefined && there.ino === own.ino && there.dev === own.dev) {
      this.#bytes = own.size;
      return false;
    }
    const next = openLocked(this.#path);
    if (next.statSync().size > 0) {
      next.close();
      throw new FlwrError(
        "failed-precondition",
        `--audit-log: file "${this.#path}" was replaced by one that is not empty`,
        { hints: ["Move it away, and send SIGHUP again"] },
      );
    }
    this.#switchTo(next);
    return true;
  }

  async sync(): Promise<void> {
    await this.#open.syncData();
  }

  close(): void {
    this.#open.close();
  }

  #switchTo(next: Deno.FsFile): void {
    this.#open.close();
    this.#open = next;
    this.#bytes = 0;
  }
}

function openLocked(path: string): Deno.FsFile {
  let file: Deno.FsFile;
  try {
    const there = statOf(path);
    if (there !== undefined && !there.isFile) {
      throw new FlwrError("invalid-argument", `--audit-log: "${path}" is not a regular file`, {
        hints: ["To write to standard output: --audit-log stdout"],
      });
    }
    file = Deno.openSync(path, { read: true, append: true, create: true, mode: 0o600 });
  } catch (cause) {
    if (cause instanceof FlwrError) throw cause;
    throw new FlwrError("failed-precondition", `--audit-log: cannot write file "${path}"`, {
      hints: ["Create its folder, and let this user write there"],
      cause,
    });
  }
  if (!file.tryLockSync(true)) {
    file.close();
    throw new FlwrError(
      "failed-precondition",
      `--audit-log: another process writes file "${path}"`,
      { hints: ["Give each SuperLink a file of its own"] },
    );
  }
  return file;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Numbers of the older files, ascending. */
function olderNumbers(path: string): number[] {
  const prefix = `${basename(path)}.`;
  return [...Deno.readDirSync(dirname(path))]
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name }) => name.slice(prefix.length))
    .filter((end) => /^\d+$/.test(end) && end.length >= NUMBER_DIGITS)
    .map(Number).sort((a, b) => a - b);
}

function olderName(path: string, number: number): string {
  return join(dirname(path), `${basename(path)}.${String(number).padStart(NUMBER_DIGITS, "0")}`);
}

function nextOlder(path: string): string {
  return olderName(path, (olderNumbers(path).at(-1) ?? 0) + 1);
}

function tailOfOlder(path: string): AuditTail {
  const newest = olderNumbers(path).at(-1);
  if (newest === undefined) return { lacksLineEnd: false };
  const older = olderName(path, newest);
  using open = Deno.openSync(older, { read: true });
  const { end } = readTail(open, older);
  return { ...(end && { end }), lacksLineEnd: false };
}
