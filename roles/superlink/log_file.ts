import { say } from "../output/say.ts";
import type { LogFile } from "../../base/log.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";

/** Seconds before a new file is tried again after it could not be opened. */
const ROTATE_RETRY_SECONDS = 60;

/** How a log file is rotated. */
export interface LogFileOptions {
  readonly file: string;
  /** Hours after which a new file is begun. */
  readonly intervalHours: number;
  /** Bytes of a file beyond which a new one is begun, whatever its age. */
  readonly maxBytes: number;
  /** How many older files are kept; 0 keeps none. */
  readonly backupCount: number;
  readonly clock?: Clock;
}

/**
 * A log file that is renamed to `<file>.1` once it is old or large enough, `<file>.1` to `<file>.2` before, and so on. It is
 * looked at when a line comes: a silent SuperLink rotates nothing. The age goes on from where an earlier process left
 * the file.
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
      // A full disk must not end the SuperLink; stderr still has every line. Said once, not for every line.
      if (!this.#failed) say(`Cannot write the log file: ${String(error)}`);
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

  /** Where no file can be opened, as when the system has no descriptor left, the lines go into the file as it is. */
  #tryToRotate(): void {
    if (this.#clock.now() < this.#rotateAfter) return;
    try {
      this.#rotate();
    } catch (error) {
      this.#rotateAfter = this.#clock.now() + ROTATE_RETRY_SECONDS;
      say(`Cannot begin a new log file: ${String(error)}`);
    }
  }

  #rotate(): void {
    const { file, backupCount } = this.#options;
    const older = (n: number) => n === 0 ? file : `${file}.${n}`;
    // Opened before any older file is touched: without it none may go.
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
