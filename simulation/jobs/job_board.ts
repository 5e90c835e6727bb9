import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { JobContents } from "./job_contents.ts";

/** The work of one virtual node on one instruction. The board does not read the bytes. */
export interface Job {
  /** SHA-256 of the content, lower-case hexadecimal. */
  readonly contentId: string;
  /** The instruction's content, which many jobs share. */
  readonly content: Uint8Array;
  /** All else that the work depends on. */
  readonly input: Uint8Array;
}

/** A job in the hands of a worker. */
export interface TakenJob extends Job {
  /** Number of the job among those of its run, from 1. */
  readonly jobId: number;
}

/** Why a worker gets no job: the run is over, or the board does not know the worker. */
export type NoJob = "ended" | "unknown";

/** Most workers of one run at the same time. */
export const MAX_WORKERS = 1024;

/** Most jobs that one worker works on at the same time. */
export const MAX_SLOTS = 256;

/**
 * Seconds after which a worker that has no call open is given up, and its jobs are handed out again. A worker whose
 * connection broke has this time to come back.
 */
export const ABSENCE_SECONDS = 5;

/** Seconds without any worker after which waiting jobs fail. */
export const PATIENCE_SECONDS = 600;

/** Options of {@link JobBoard}. */
export interface JobBoardOptions {
  readonly clock?: Clock;
  /** Called with sentences about workers, for the run's log. */
  readonly tell?: (sentence: string) => void;
}

/** How long a call may wait. */
export interface Hold {
  readonly holdSeconds: number;
  /** Ends the wait because the caller has gone. */
  readonly signal: AbortSignal;
}

interface OpenJob {
  readonly taken: TakenJob;
  readonly answer: (output: Uint8Array) => void;
  readonly fail: (error: FlwrError) => void;
}

interface Worker {
  /** Jobs by the slot that works on them. */
  readonly jobs: Map<number, OpenJob>;
  /** Open calls that say that it is there. */
  present: number;
  /** Number of times that the last of these calls ended. */
  absences: number;
}

/**
 * The jobs of one run, and its workers. Each job is answered once. The jobs of a worker that is gone are handed out
 * again, first of all: the same input gives the same answer, so that it does not matter which worker gives it.
 */
export class JobBoard {
  readonly #clock: Clock;
  readonly #tell: (sentence: string) => void;
  readonly #contents = new JobContents();
  readonly #open = new Map<number, OpenJob>();
  #queue: OpenJob[] = [];
  readonly #workers = new Map<string, Worker>();
  /** Calls that wait for a job, the oldest first. */
  readonly #waiting = new Set<() => void>();
  readonly #closing = new AbortController();
  #lastId = 0;
  /** Whether there was no worker for too long. */
  #gaveUp = false;
  /** Ends the wait for the first worker; undefined while nothing waits for one. */
  #awaited: AbortController | undefined;

  constructor({ clock = systemClock, tell = () => {} }: JobBoardOptions = {}) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Whether the run is over. */
  get ended(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Hands out a job.
   *
   * @param content undefined if the board should have it from an earlier job
   * @returns the answer of a worker; undefined if the board does not have the content
   * @throws FlwrError "failed-precondition" if there is no worker for too long, "cancelled" when the signal is aborted
   *   or the run ends
   */
  async run(
    { contentId, content, input }: {
      readonly contentId: string;
      readonly content?: Uint8Array | undefined;
      readonly input: Uint8Array;
    },
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    if (signal.aborted || this.ended) throw cancelled();
    const kept = this.#contents.use(contentId, content);
    if (kept === undefined) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const jobId = ++this.#lastId;
    const job: OpenJob = {
      taken: { jobId, contentId, content: kept, input },
      answer: resolve,
      fail: reject,
    };
    const cancel = () => reject(cancelled());
    signal.addEventListener("abort", cancel, { once: true });
    this.#open.set(jobId, job);
    this.#queue.push(job);
    if (this.#gaveUp) reject(noWorker());
    else if (this.#workers.size === 0) this.#awaitWorker();
    this.#wakeOne();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#open.delete(jobId);
      this.#queue = this.#queue.filter((other) => other !== job);
      this.#contents.release(contentId);
    }
  }

  /**
   * Adds a worker.
   *
   * @returns its id
   * @throws FlwrError "resource-exhausted" if there are too many
   */
  join(slots: number): string {
    if (this.#workers.size >= MAX_WORKERS) {
      throw new FlwrError(
        "resource-exhausted",
        `The run already has ${MAX_WORKERS} simulation workers`,
      );
    }
    const id = crypto.randomUUID();
    const worker: Worker = { jobs: new Map(), present: 0, absences: 0 };
    this.#awaited?.abort();
    this.#awaited = undefined;
    this.#gaveUp = false;
    this.#workers.set(id, worker);
    const works = slots === 1 ? "one node" : `${slots} nodes`;
    this.#tell(
      `A simulation worker joined, for ${works} at a time. The run has ${this.#workers.size}`,
    );
    void this.#awaitReturn(id, worker);
    return id;
  }

  /** Notes that a worker is there, until the time is up or the caller has gone. */
  async stay(id: string, { holdSeconds, signal }: Hold): Promise<NoJob | undefined> {
    const worker = this.#workers.get(id);
    if (this.ended) return "ended";
    if (worker === undefined) return "unknown";
    worker.present += 1;
    try {
      await this.#clock.sleep(holdSeconds, AbortSignal.any([signal, this.#closing.signal]));
    } finally {
      worker.present -= 1;
      worker.absences += 1;
      if (worker.present === 0) void this.#awaitReturn(id, worker);
    }
    return this.ended ? "ended" : undefined;
  }

  /**
   * Waits for a job for one of a worker's slots. A job that the slot already has is returned again, because the response
   * with it got lost.
   *
   * @returns undefined if there was none in time
   */
  async take(
    id: string,
    slot: number,
    { holdSeconds, signal }: Hold,
  ): Promise<TakenJob | NoJob | undefined> {
    const deadline = this.#clock.now() + holdSeconds;
    for (;;) {
      if (this.ended) return "ended";
      const worker = this.#workers.get(id);
      if (worker === undefined) return "unknown";
      // A caller that has gone gets nothing: it would be lost.
      if (signal.aborted) return undefined;
      const held = worker.jobs.get(slot);
      if (held !== undefined && this.#open.has(held.taken.jobId)) return held.taken;
      const job = this.#queue.shift();
      if (job !== undefined) {
        worker.jobs.set(slot, job);
        return job.taken;
      }
      const left = deadline - this.#clock.now();
      if (left <= 0) return undefined;
      await this.#nextJob(left, signal);
    }
  }

  /** Accepts the answer to a job. One for a job that is answered already changes nothing. */
  answer(id: string, slot: number, jobId: number, output: Uint8Array): NoJob | undefined {
    if (this.ended) return "ended";
    const worker = this.#workers.get(id);
    if (worker?.jobs.get(slot)?.taken.jobId === jobId) worker.jobs.delete(slot);
    this.#open.get(jobId)?.answer(output);
    return worker === undefined ? "unknown" : undefined;
  }

  /** Ends all work: the run is over. */
  close(): void {
    this.#closing.abort();
    for (const job of this.#open.values()) job.fail(cancelled());
    for (const wake of this.#waiting) wake();
  }

  /** Gives up a worker that does not come back in time. */
  async #awaitReturn(id: string, worker: Worker): Promise<void> {
    const { absences } = worker;
    await this.#clock.sleep(ABSENCE_SECONDS, this.#closing.signal);
    if (this.ended || worker.present > 0 || worker.absences !== absences) return;
    if (!this.#workers.delete(id)) return;
    const lost = [...worker.jobs.values()].filter(({ taken }) => this.#open.has(taken.jobId));
    this.#queue.unshift(...lost.sort((a, b) => a.taken.jobId - b.taken.jobId));
    for (let n = 0; n < lost.length; n++) this.#wakeOne();
    const work = lost.length === 0
      ? "it had no node to work on"
      : `its ${lost.length === 1 ? "node is" : `${lost.length} nodes are`} handed out again`;
    this.#tell(`A simulation worker is gone: ${work}. The run has ${this.#workers.size}`);
    if (this.#workers.size === 0 && this.#open.size > 0) this.#awaitWorker();
  }

  /** Fails the jobs that wait if no worker comes. */
  #awaitWorker(): void {
    if (this.#awaited !== undefined) return;
    const awaited = this.#awaited = new AbortController();
    this.#tell(`The run waits for a simulation worker, for ${PATIENCE_SECONDS / 60} min at most`);
    const { signal } = awaited;
    const over = AbortSignal.any([signal, this.#closing.signal]);
    void this.#clock.sleep(PATIENCE_SECONDS, over).then(() => {
      if (over.aborted) return;
      this.#awaited = undefined;
      this.#gaveUp = true;
      for (const job of this.#open.values()) job.fail(noWorker());
    });
  }

  #wakeOne(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    first();
  }

  /** Resolves when there may be a job, the time is up, or the caller has gone. */
  async #nextJob(seconds: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#waiting.add(wake);
    await this.#clock.sleep(seconds, AbortSignal.any([signal, woken.signal]));
    // It was woken for a job and cannot take it: the next one can.
    if (!this.#waiting.delete(wake) && signal.aborted) this.#wakeOne();
  }
}

function cancelled(): FlwrError {
  return new FlwrError("cancelled", "The run has ended");
}

function noWorker(): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `No simulation worker took the instruction within ${PATIENCE_SECONDS / 60} min`,
  );
}
