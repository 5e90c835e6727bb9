import { joinParts } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { AuditSink } from "./audit_sink.ts";
import { ownRecord } from "./own_records.ts";
import { type AuditRecord, type ChainEnd, chainRecord } from "./record.ts";

/** Limits of an {@link AuditWriter}. */
export interface AuditWriterLimits {
  /** Seconds that an act waits for its record. Then the act is refused. */
  readonly maxWaitSeconds: number;
  /** Bytes of records that wait to be written. Beyond, outcomes of acts are lost, and counted. */
  readonly maxWaitingBytes: number;
  /** Seconds between attempts while writing fails. */
  readonly retrySeconds: number;
  /** Seconds after which written records survive a power failure. */
  readonly syncSeconds: number;
}

export const AUDIT_WRITER_LIMITS: AuditWriterLimits = {
  maxWaitSeconds: 5,
  maxWaitingBytes: 1024 * 1024,
  retrySeconds: 1,
  syncSeconds: 1,
};

/** Options of an {@link AuditWriter}. */
export interface AuditWriterOptions {
  readonly sink: AuditSink;
  /** The end of the chain that is continued. */
  readonly end: ChainEnd;
  readonly clock: Clock;
  /** Called when writing begins to fail. */
  readonly onFailure: (error: unknown) => void;
  /** Called when it works again. */
  readonly onRecovery: () => void;
  /** Called when no new file could be begun, so that the current one grows. */
  readonly onRotationFailure: (error: unknown) => void;
  /** Limits that differ from {@link AUDIT_WRITER_LIMITS}. */
  readonly limits?: Partial<AuditWriterLimits>;
}

/** A record that waits to be written. */
interface Waiting {
  readonly bytes: Uint8Array;
  readonly written: () => void;
}

/** Seconds until the next attempt after no new file could be begun. */
const ROTATE_RETRY_SECONDS = 60;

/** Bytes that are written at once. */
const MAX_BATCH_BYTES = 256 * 1024;

/**
 * Writes records to a chain, without blocking the thread: records that come meanwhile are written together. The order
 * of records is that of the calls.
 */
export class AuditWriter {
  readonly #options: AuditWriterOptions;
  readonly #limits: AuditWriterLimits;
  readonly #encoder = new TextEncoder();
  #end: ChainEnd;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isFailing = false;
  #isClosed = false;
  #refused = 0;
  #lost = 0;
  #writing: Promise<void> | undefined;
  #syncTimer: ReturnType<typeof setTimeout> | undefined;
  #isSyncDue = false;
  /** Unix time in seconds. */
  #rotateAfter = 0;
  /** Work that needs the sink for itself. */
  #between: (() => Promise<void>)[] = [];

  constructor(options: AuditWriterOptions) {
    this.#options = options;
    this.#limits = { ...AUDIT_WRITER_LIMITS, ...options.limits };
    this.#end = options.end;
  }

  /** The end of the chain, with records that still wait. */
  get end(): ChainEnd {
    return this.#end;
  }

  /**
   * Writes a record and waits until it is in the file.
   *
   * @returns the record's number
   * @throws FlwrError "unavailable" when records cannot be written now; LateRecord when it takes too long
   */
  async write(record: AuditRecord): Promise<number> {
    if (this.#isFailing || this.#isFull()) {
      this.#refused++;
      throw notRecorded();
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const sequence = this.#add(record, () => resolve(true));
    const late = setTimeout(() => resolve(false), this.#limits.maxWaitSeconds * 1000);
    try {
      if (await promise) return sequence;
    } finally {
      clearTimeout(late);
    }
    // The disk hangs. Others do not wait for it as well.
    const error = new LateRecord(sequence);
    this.#fail(error);
    this.#refused++;
    throw error;
  }

  /**
   * Writes a record later.
   *
   * @returns the record's number; undefined if too many wait: then it is lost, and counted
   */
  post(record: AuditRecord): number | undefined {
    if (!this.#isFull()) return this.#add(record, () => {});
    this.#lost++;
    return undefined;
  }

  /** Runs something that needs the sink for itself, after the records that wait. */
  async between<T>(action: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#between.push(() => action().then(resolve, reject));
    this.#start();
    return await promise;
  }

  /** Writes bytes that belong to no record, before those that wait. */
  writeRaw(bytes: Uint8Array): void {
    this.#waiting.unshift({ bytes, written: () => {} });
    this.#waitingBytes += bytes.length;
    this.#start();
  }

  /** Writes what waits, for at most `maxWaitSeconds`, and closes the sink. */
  async close(): Promise<void> {
    this.#isSyncDue = true;
    this.#start();
    const late = new AbortController();
    await Promise.race([
      this.#writing,
      this.#options.clock.sleep(this.#limits.maxWaitSeconds, late.signal),
    ]);
    late.abort();
    this.#isClosed = true;
    clearTimeout(this.#syncTimer);
    this.#options.sink.close();
  }

  #isFull(): boolean {
    return this.#isClosed || this.#waitingBytes >= this.#limits.maxWaitingBytes;
  }

  #add(record: AuditRecord, written: () => void): number {
    const { line, sequence, hash } = chainRecord(record, this.#end);
    this.#end = { sequence, hash };
    const bytes = this.#encoder.encode(`${line}\n`);
    this.#waiting.push({ bytes, written });
    this.#waitingBytes += bytes.length;
    this.#start();
    return sequence;
  }

  #start(): void {
    if (this.#isClosed) return;
    this.#writing ??= this.#writeAll().finally(() => this.#writing = undefined);
  }

  async #writeAll(): Promise<void> {
    // Records of the same turn are written together.
    await Promise.resolve();
    while (!this.#isClosed) {
      if (this.#waiting.length > 0) await this.#writeBatch();
      else if (this.#between.length > 0) await this.#between.shift()!();
      else if (this.#isSyncDue) await this.#sync();
      else return;
    }
  }

  async #writeBatch(): Promise<void> {
    let size = 0;
    const count = this.#waiting.findIndex(({ bytes }) => (size += bytes.length) > MAX_BATCH_BYTES);
    const batch = this.#waiting.splice(0, count < 0 ? this.#waiting.length : Math.max(1, count));
    const bytes = joinParts(batch.map(({ bytes }) => bytes));
    await this.#prepare(bytes.length);
    for (let written = 0; written < bytes.length && !this.#isClosed;) {
      // A line that was written in part is completed, so that the chain has no torn lines.
      written += await this.#attempt(() => this.#options.sink.write(bytes.subarray(written))) ?? 0;
    }
    this.#waitingBytes -= bytes.length;
    for (const { written } of batch) written();
    this.#recovered();
    this.#syncTimer ??= this.#syncSoon();
  }

  /** If no new file can be begun, the current one goes on. The next attempt comes later. */
  async #prepare(bytes: number): Promise<void> {
    const now = this.#options.clock.now();
    if (now < this.#rotateAfter) return;
    try {
      await this.#options.sink.prepare(bytes);
    } catch (error) {
      this.#rotateAfter = now + ROTATE_RETRY_SECONDS;
      this.#options.onRotationFailure(error);
    }
  }

  async #sync(): Promise<void> {
    this.#isSyncDue = false;
    await this.#attempt(() => this.#options.sink.sync());
  }

  #syncSoon(): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.#syncTimer = undefined;
      this.#isSyncDue = true;
      this.#start();
    }, this.#limits.syncSeconds * 1000);
    Deno.unrefTimer(timer);
    return timer;
  }

  /** Returns undefined, after a pause, if the action fails. */
  async #attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (this.#isClosed) return undefined;
      this.#fail(error);
      await this.#options.clock.sleep(this.#limits.retrySeconds);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    if (!this.#isFailing) this.#options.onFailure(error);
    this.#isFailing = true;
  }

  #recovered(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    const detail = { refused: this.#refused, lost: this.#lost };
    this.#refused = 0;
    this.#lost = 0;
    this.post(ownRecord("resumed", this.#options.clock.now(), detail));
    this.#options.onRecovery();
  }
}

const NOT_RECORDED =
  "The SuperLink cannot write its audit log, and refuses what it cannot record. Try again later";

function notRecorded(): FlwrError {
  return new FlwrError("unavailable", NOT_RECORDED);
}

/** Thrown for a record that takes too long, and will still be written. */
export class LateRecord extends FlwrError {
  /** @param sequence the record's number */
  constructor(readonly sequence: number) {
    super("unavailable", NOT_RECORDED);
  }
}
