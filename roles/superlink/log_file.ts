import { printMessage } from "../output/print_line.ts";
import type { LogFile } from "../../base/log.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";

/** Seconds until the next attempt after a rotation failed. */
const ROTATE_RETRY_SECONDS = 60;

/** Options of a {@link RotatingLogFile}. */
export interface LogFileOptions {
  readonly file: string;
  /** Number of hours after which a new file starts. */
  readonly intervalHours: number;
  /** Maximum size of a file in bytes, whatever its age. */
  readonly maxBytes: number;
  /** Number of older files to keep. */
  readonly backupCount: number;
  readonly clock?: Clock;
}

/**
 * A rotating log file. When it is old or large enough, `<file>.1` is renamed to `<file>.2` (and so on), and the file to
 * `<file>.1`. This is checked when a line is written. The age counts from the file's creation, even by an earlier
 * process.
 */
export class RotatingLogFile implements LogFile, Disposable {
  readonly #options: LogFileOptions;
  readonly #clock: Clock;
  #open: Deno.FsFile;
  /** Unix time in seconds. */
  #begunAt: number;
  #bytes: number;
  #failed = false;
  /** Unix time in seconds. */
  #rotateAfter = 0;

  /** @throws FlwrError "failed-precondition" naming `--log-file` when it cannot be written */
  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    try {
      this.#open = openForAppend(options.file);
      const { size, birthtime } = this.#open.statSync();
      this.#bytes = size;
      this.#begunAt = size === 0 || birthtime === null
        ? this.#clock.now()
        : birthtime.getTime() / 1000;
    } catch (cause) {
      throw new FlwrError(
        "failed-precondition",
        `--log-file: cannot write file "${options.file}"`,
        { cause },
      );
    }
  }

  write(line: Uint8Array): void {
    try {
      if (this.#isOld() || this.#isFull(line)) this.#tryToRotate();
      for (let written = 0; written < line.length;) {
        const count = this.#open.writeSync(line.subarray(written));
        written += count;
        this.#bytes += count;
      }
      this.#failed = false;
    } catch (error) {
      // A full disk must not end the SuperLink. Stderr still gets every line. The error is reported once.
      if (!this.#failed) printMessage(`Cannot write to the log file: ${String(error)}`);
      this.#failed = true;
    }
  }

  [Symbol.dispose](): void {
    this.#open.close();
  }

  #isOld(): boolean {
    return this.#clock.now() - this.#begunAt >= this.#options.intervalHours * 3600;
  }

  #isFull(line: Uint8Array): boolean {
    return this.#bytes > 0 && this.#bytes + line.length > this.#options.maxBytes;
  }

  /** Rotates the file. If that fails, for example for lack of file descriptors, the current file is used further. */
  #tryToRotate(): void {
    if (this.#clock.now() < this.#rotateAfter) return;
    try {
      this.#rotate();
    } catch (error) {
      this.#rotateAfter = this.#clock.now() + ROTATE_RETRY_SECONDS;
      printMessage(`Cannot start a new log file: ${String(error)}`);
    }
  }

  #rotate(): void {
    const { file, backupCount } = this.#options;
    const older = (n: number) => n === 0 ? file : `${file}.${n}`;
    // The new file is opened before any older file is renamed or removed.
    const fresh = `${file}.new`;
    removeIfThere(fresh);
    const next = openForAppend(fresh);
    try {
      removeIfThere(older(backupCount));
      for (let n = backupCount - 1; n >= 0; n--) renameIfThere(older(n), older(n + 1));
      Deno.renameSync(fresh, file);
    } catch (error) {
      next.close();
      throw error;
    }
    this.#open.close();
    this.#open = next;
    this.#begunAt = this.#clock.now();
    this.#bytes = 0;
  }
}

function openForAppend(file: string): Deno.FsFile {
  return Deno.openSync(file, { append: true, create: true, mode: 0o600 });
}

function removeIfThere(file: string): void {
  ignoreMissing(() => Deno.removeSync(file));
}

function renameIfThere(from: string, to: string): void {
  ignoreMissing(() => Deno.renameSync(from, to));
}

function ignoreMissing(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
