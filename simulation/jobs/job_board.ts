import { type Clock, systemClock, WOKEN } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { JobContents } from "./job_contents.ts";
import { LimitedNews } from "./limited_news.ts";

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

/** The answer to a job. */
export interface JobAnswer {
  readonly output: Uint8Array;
  /** Says that the output is on its way. Until then the worker's call stays open, and its bytes stay counted. */
  readonly taken: () => void;
}

/** Most workers of one run at the same time. */
export const MAX_WORKERS = 1024;

/** Most jobs that one worker works on at the same time. */
export const MAX_SLOTS = 256;

/** Most jobs that all workers of a run could work on. Each may hold a call open. A run hands out fewer at a time. */
export const MAX_RUN_SLOTS = 4096;

/**
 * Seconds after which a worker that has no call open is given up, and its jobs are handed out again. A worker whose
 * connection broke has this time to come back.
 */
export const ABSENCE_SECONDS = 5;

/** Seconds without any worker after which waiting jobs fail. */
export const PATIENCE_SECONDS = 600;

/**
 * Seconds after which a job is late, in addition to four times the mean of those that were answered. A late job is also
 * handed to another worker that has nothing else to do: the one that has it may hang. The first answer counts.
 */
export const LATE_SECONDS = 60;
const LATE_FACTOR = 4;

/** Most workers that get the same job, one after another or at the same time. It may be the job that ends them. */
export const MAX_HANDS = 5;

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
  readonly answer: (answer: JobAnswer) => void;
  readonly fail: (error: FlwrError) => void;
  /** Number of workers that have had it. */
  hands: number;
  /** Number of workers that have it. */
  holders: number;
  /** When a worker last got it. */
  handedAt: number;
}

interface Worker {
  /** Number of jobs that it works on at the same time. */
  readonly slots: number;
  /** Jobs by the slot that works on them. */
  readonly jobs: Map<number, OpenJob>;
  /** Ends the open call that waits for a job, by its slot. */
  readonly takes: Map<number, AbortController>;
  /** Ends the open call that says that it is there; undefined while it has none. */
  stay: AbortController | undefined;
  /** Number of times that such a call ended. */
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
  /** Whether it was closed although the run goes on. */
  #isStopped = false;
  #lastId = 0;
  #slots = 0;
  #answered = 0;
  #answeredSeconds = 0;
  /** Whether there was no worker for too long. */
  #gaveUp = false;
  /** Ends the wait for the first worker; undefined while nothing waits for one. */
  #awaited: AbortController | undefined;

  constructor({ clock = systemClock, tell = () => {} }: JobBoardOptions = {}) {
    this.#clock = clock;
    const news = new LimitedNews(clock, tell);
    this.#tell = (sentence) => news.tell(sentence);
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Hands out a job.
   *
   * @param content undefined if the board should have it from an earlier job
   * @returns the answer of a worker; undefined if the board does not have the content
   * @throws FlwrError "failed-precondition" if there is no worker for too long or the job was handed out too often,
   *   "cancelled" when the signal is aborted or the run ends
   */
  async run(
    { contentId, content, input }: {
      readonly contentId: string;
      readonly content?: Uint8Array | undefined;
      readonly input: Uint8Array;
    },
    signal: AbortSignal,
  ): Promise<JobAnswer | undefined> {
    if (signal.aborted || this.closed) throw cancelled();
    const kept = this.#contents.use(contentId, content);
    if (kept === undefined) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<JobAnswer>();
    const jobId = ++this.#lastId;
    const job: OpenJob = {
      taken: { jobId, contentId, content: kept, input },
      answer: resolve,
      fail: (error) => {
        this.#close(job);
        reject(error);
      },
      hands: 0,
      holders: 0,
      handedAt: 0,
    };
    const cancel = () => job.fail(cancelled());
    signal.addEventListener("abort", cancel, { once: true });
    this.#open.set(jobId, job);
    this.#queue.push(job);
    if (this.#gaveUp) job.fail(noWorker());
    else if (this.#workers.size === 0) this.#awaitWorker();
    this.#wakeOne();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#contents.release(contentId);
    }
  }

  /**
   * Adds a worker.
   *
   * @returns its id
   * @throws FlwrError "resource-exhausted" if there are too many, "unavailable" if the SuperLink stops
   */
  join(slots: number): string | "ended" {
    if (this.#end() !== undefined) return "ended";
    if (this.#workers.size >= MAX_WORKERS || this.#slots + slots > MAX_RUN_SLOTS) {
      throw new FlwrError(
        "resource-exhausted",
        `The run already has ${this.#workers.size} simulation workers, for ${this.#slots} nodes at a time: at most ` +
          `${MAX_WORKERS} workers and ${MAX_RUN_SLOTS} nodes are allowed`,
      );
    }
    const id = crypto.randomUUID();
    const worker: Worker = {
      slots,
      jobs: new Map(),
      takes: new Map(),
      stay: undefined,
      absences: 0,
    };
    this.#awaited?.abort(WOKEN);
    this.#awaited = undefined;
    this.#gaveUp = false;
    this.#workers.set(id, worker);
    this.#slots += slots;
    const works = slots === 1 ? "one node" : `${slots} nodes`;
    this.#tell(
      `A simulation worker joined, for ${works} at a time. The run has ${this.#workers.size}`,
    );
    void this.#awaitReturn(id, worker);
    return id;
  }

  /**
   * Notes that a worker is there, until the time is up, the caller has gone, it makes another such call, or one of its
   * jobs needs no answer any more.
   *
   * @returns the numbers of such jobs
   */
  async stay(id: string, { holdSeconds, signal }: Hold): Promise<NoJob | readonly number[]> {
    const end = this.#end();
    if (end !== undefined) return end;
    const worker = this.#workers.get(id);
    if (worker === undefined) return "unknown";
    const stay = new AbortController();
    worker.stay?.abort(WOKEN);
    worker.stay = stay;
    try {
      const over = AbortSignal.any([signal, this.#closing.signal, stay.signal]);
      if (!this.#hasDropped(worker)) await this.#clock.sleep(holdSeconds, over);
    } finally {
      if (worker.stay === stay) {
        worker.stay = undefined;
        worker.absences += 1;
        void this.#awaitReturn(id, worker);
      }
    }
    const isLast = worker.stay === undefined;
    return this.#end() ?? (isLast ? this.#takeDropped(worker) : []);
  }

  /**
   * Waits for a job for one of a worker's slots. A job that the slot already has is returned again, because the response
   * with it got lost. An earlier call for the slot that still waits ends without a job.
   *
   * @returns undefined if there was none in time
   * @throws FlwrError "invalid-argument" for a slot that the worker does not have
   */
  async take(
    id: string,
    slot: number,
    { holdSeconds, signal }: Hold,
  ): Promise<TakenJob | NoJob | undefined> {
    const end = this.#end();
    if (end !== undefined) return end;
    const worker = this.#workers.get(id);
    if (worker === undefined) return "unknown";
    if (slot >= worker.slots) {
      throw new FlwrError(
        "invalid-argument",
        `The simulation worker joined with ${worker.slots} slots, from 0: it has no slot ${slot}`,
      );
    }
    const ending = new AbortController();
    worker.takes.get(slot)?.abort(WOKEN);
    worker.takes.set(slot, ending);
    try {
      return await this.#next(id, worker, slot, {
        holdSeconds,
        signal: AbortSignal.any([signal, ending.signal]),
      });
    } finally {
      if (worker.takes.get(slot) === ending) worker.takes.delete(slot);
      // It may have been woken for a job that it did not take.
      if (this.#queue.length > 0) this.#wakeOne();
    }
  }

  async #next(
    id: string,
    worker: Worker,
    slot: number,
    { holdSeconds, signal }: Hold,
  ): Promise<TakenJob | NoJob | undefined> {
    const deadline = this.#clock.now() + holdSeconds;
    for (;;) {
      const end = this.#end();
      if (end !== undefined) return end;
      if (this.#workers.get(id) !== worker) return "unknown";
      // A caller that has gone gets nothing: it would be lost.
      if (signal.aborted) return undefined;
      const held = worker.jobs.get(slot);
      if (held !== undefined && this.#isOpen(held)) return held.taken;
      const { late, lateAt } = this.#late(worker);
      const job = this.#queue.shift() ?? late;
      if (job !== undefined) {
        worker.jobs.set(slot, job);
        job.hands += 1;
        job.holders += 1;
        job.handedAt = this.#clock.now();
        return job.taken;
      }
      const now = this.#clock.now();
      if (now >= deadline) return undefined;
      await this.#nextJob(Math.min(deadline, lateAt) - now, signal);
    }
  }

  /**
   * Accepts the answer to a job that the slot has. Any other answer changes nothing: to a job that was answered, or was
   * not handed to this worker.
   *
   * @returns resolves when the output is on its way
   */
  async answer(
    id: string,
    slot: number,
    jobId: number,
    output: Uint8Array,
  ): Promise<NoJob | undefined> {
    const end = this.#end();
    if (end !== undefined) return end;
    const worker = this.#workers.get(id);
    if (worker === undefined) return "unknown";
    const job = worker.jobs.get(slot);
    if (job === undefined || job.taken.jobId !== jobId) return undefined;
    worker.jobs.delete(slot);
    job.holders -= 1;
    if (!this.#isOpen(job)) return undefined;
    this.#close(job);
    this.#answered += 1;
    this.#answeredSeconds += this.#clock.now() - job.handedAt;
    const { promise, resolve } = Promise.withResolvers<void>();
    job.answer({ output, taken: resolve });
    await promise;
    return undefined;
  }

  /** Ends all work: the run is over. */
  close(): void {
    this.#closing.abort();
    for (const job of this.#open.values()) job.fail(cancelled());
    for (const wake of this.#waiting) wake();
  }

  /** Ends all work although the run may go on: the SuperLink stops. The workers wait for the next one. */
  stop(): void {
    this.#isStopped = true;
    this.close();
  }

  /** @throws FlwrError "unavailable" if the SuperLink stops */
  #end(): "ended" | undefined {
    if (!this.closed) return undefined;
    if (this.#isStopped) throw new FlwrError("unavailable", "The SuperLink stops");
    return "ended";
  }

  #isOpen(job: OpenJob): boolean {
    return this.#open.has(job.taken.jobId);
  }

  #close(job: OpenJob): void {
    this.#open.delete(job.taken.jobId);
    this.#queue = this.#queue.filter((other) => other !== job);
    if (job.holders === 0) return;
    // Those that still work on it learn so at once.
    for (const worker of this.#workers.values()) {
      if (worker.jobs.values().some((held) => held === job)) worker.stay?.abort(WOKEN);
    }
  }

  #hasDropped({ jobs }: Worker): boolean {
    return jobs.values().some((job) => !this.#isOpen(job));
  }

  /** Frees the slots of jobs that need no answer any more. @returns their numbers */
  #takeDropped({ jobs }: Worker): number[] {
    const dropped = [...jobs].filter(([, job]) => !this.#isOpen(job));
    for (const [slot] of dropped) jobs.delete(slot);
    return dropped.map(([, { taken }]) => taken.jobId);
  }

  /**
   * Finds a job that another worker has had for too long.
   *
   * @returns the job, and otherwise when the next one is late
   */
  #late(worker: Worker): { readonly late?: OpenJob; readonly lateAt: number } {
    const mean = this.#answered === 0 ? 0 : this.#answeredSeconds / this.#answered;
    const own = new Set(worker.jobs.values());
    let first: OpenJob | undefined;
    for (const job of this.#open.values()) {
      if (job.holders === 0 || job.hands >= MAX_HANDS || own.has(job)) continue;
      if (first === undefined || job.handedAt < first.handedAt) first = job;
    }
    if (first === undefined) return { lateAt: Infinity };
    const lateAt = first.handedAt + LATE_SECONDS + LATE_FACTOR * mean;
    return lateAt > this.#clock.now() ? { lateAt } : { lateAt, late: first };
  }

  /** Gives up a worker that does not come back in time. */
  async #awaitReturn(id: string, worker: Worker): Promise<void> {
    const { absences } = worker;
    await this.#clock.sleep(ABSENCE_SECONDS, this.#closing.signal);
    if (this.closed || worker.stay !== undefined || worker.absences !== absences) return;
    if (!this.#workers.delete(id)) return;
    this.#slots -= worker.slots;
    for (const ending of worker.takes.values()) ending.abort(WOKEN);
    const held = [...worker.jobs.values()].filter((job) => this.#isOpen(job));
    for (const job of held) job.holders -= 1;
    const lost = held.filter(({ holders }) => holders === 0);
    const again = lost.filter(({ hands }) => hands < MAX_HANDS);
    for (const job of lost) if (!again.includes(job)) job.fail(lostTooOften());
    this.#queue.unshift(...again.sort((a, b) => a.taken.jobId - b.taken.jobId));
    for (let n = 0; n < again.length; n++) this.#wakeOne();
    const work = again.length === 0
      ? "it had no node to work on"
      : `its ${again.length === 1 ? "node is" : `${again.length} nodes are`} handed out again`;
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
    const wake = () => woken.abort(WOKEN);
    this.#waiting.add(wake);
    await this.#clock.sleep(seconds, AbortSignal.any([signal, woken.signal]));
    this.#waiting.delete(wake);
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

function lostTooOften(): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `${MAX_HANDS} simulation workers got the instruction, and none answered it`,
  );
}
