import { type Clock, systemClock, WOKEN } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { printable } from "../../base/printable.ts";
import {
  type Hold,
  MAX_BROKEN_REASON_LENGTH,
  MAX_WORKERS_PER_RUN,
  type NodeJob,
  type NoJob,
} from "../../entities/node_job.ts";
import { JobContents } from "./job_contents.ts";
import { allBroken, cancelled, lostTooOften, noWorker } from "./job_errors.ts";
import { JobQueue } from "./job_queue.ts";
import { LimitedNews } from "./limited_news.ts";
import type { JobAnswer, OpenJob } from "./open_job.ts";

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

/** Workers that must fail at a job before the job fails: a single one may be broken. */
export const MAX_BROKEN = 3;

/**
 * Seconds for which a job waits for another worker, after all workers that are there have failed at it and none of them
 * has done any other job.
 */
export const ANOTHER_SECONDS = 30;

/** Options of {@link JobBoard}. */
export interface JobBoardOptions {
  readonly clock?: Clock;
  /** Called with sentences about workers, for the run's log. */
  readonly tell?: (sentence: string) => void;
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
  /** Whether it has done a job. */
  isProven: boolean;
  /** Whether it has failed at a job. */
  isBroken: boolean;
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
  readonly #queue = new JobQueue();
  readonly #workers = new Map<string, Worker>();
  /** What ends the calls that wait for a job, the oldest first, and the worker of each. */
  readonly #waiting = new Map<() => void, string>();
  readonly #closing = new AbortController();
  /** Whether it was closed although the run goes on. */
  #isStopped = false;
  #lastId = 0;
  #slots = 0;
  #answered = 0;
  #answeredSeconds = 0;
  /** Whether there was no worker for too long. */
  #gaveUp = false;
  /** Why a worker failed at a job, the last time. */
  #brokenReason = "";
  /** Whether the last worker that left had failed at jobs, and done none. */
  #lastWasBroken = false;
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
   * @throws FlwrError "failed-precondition" if there is no worker for too long, the job was handed out too often, or
   *   workers could not do it, with the reason of one; "cancelled" when the signal is aborted or the run ends
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
      job: { jobId, contentId, content: kept, input },
      answer: resolve,
      fail: (error) => {
        this.#close(job);
        reject(error);
      },
      hands: 0,
      holders: 0,
      handedAt: 0,
      brokenBy: new Set(),
      isHeld: false,
    };
    const cancel = () => job.fail(cancelled());
    signal.addEventListener("abort", cancel, { once: true });
    this.#open.set(jobId, job);
    this.#queue.push(job);
    if (this.#gaveUp) job.fail(this.#unanswered(job));
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
    if (this.#workers.size >= MAX_WORKERS_PER_RUN || this.#slots + slots > MAX_RUN_SLOTS) {
      throw new FlwrError(
        "resource-exhausted",
        `The run already has ${this.#workers.size} simulation workers, for ${this.#slots} nodes at a time: at most ` +
          `${MAX_WORKERS_PER_RUN} workers and ${MAX_RUN_SLOTS} nodes are allowed`,
      );
    }
    const id = crypto.randomUUID();
    const worker: Worker = {
      slots,
      jobs: new Map(),
      takes: new Map(),
      stay: undefined,
      absences: 0,
      isProven: false,
      isBroken: false,
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
  ): Promise<NodeJob | NoJob | undefined> {
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
      this.#wakeOne();
    }
  }

  async #next(
    id: string,
    worker: Worker,
    slot: number,
    { holdSeconds, signal }: Hold,
  ): Promise<NodeJob | NoJob | undefined> {
    const deadline = this.#clock.now() + holdSeconds;
    for (;;) {
      const end = this.#end();
      if (end !== undefined) return end;
      if (this.#workers.get(id) !== worker) return "unknown";
      // A caller that has gone gets nothing: it would be lost.
      if (signal.aborted) return undefined;
      const held = worker.jobs.get(slot);
      if (held !== undefined && this.#isOpen(held)) return held.job;
      const { late, lateAt } = this.#late(id, worker);
      const job = this.#queue.takeFor(id) ?? late;
      if (job !== undefined) {
        worker.jobs.set(slot, job);
        job.hands += 1;
        job.holders += 1;
        job.handedAt = this.#clock.now();
        return job.job;
      }
      const now = this.#clock.now();
      if (now >= deadline) return undefined;
      await this.#nextJob(id, Math.min(deadline, lateAt) - now, signal);
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
    const job = this.#handIn(worker, slot, jobId);
    if (job === undefined) return undefined;
    worker.isProven = true;
    this.#close(job);
    this.#answered += 1;
    this.#answeredSeconds += this.#clock.now() - job.handedAt;
    const { promise, resolve } = Promise.withResolvers<void>();
    job.answer({ output, taken: resolve });
    await promise;
    return undefined;
  }

  /**
   * Notes that a worker could not do a job that the slot has, for a reason of its machine's. Another worker gets the job
   * first: otherwise a broken worker, which answers at once, would fail nearly all jobs. The job fails when
   * {@link MAX_BROKEN} workers could not do it, or no other worker is there.
   *
   * @param reason a sentence
   */
  answerBroken(id: string, slot: number, jobId: number, reason: string): NoJob | undefined {
    const end = this.#end();
    if (end !== undefined) return end;
    const worker = this.#workers.get(id);
    if (worker === undefined) return "unknown";
    const job = this.#handIn(worker, slot, jobId);
    if (job === undefined) return undefined;
    this.#brokenReason = printable(reason.slice(0, MAX_BROKEN_REASON_LENGTH));
    if (!worker.isBroken) {
      this.#tell(`A simulation worker could not run the ClientApp: ${this.#brokenReason}`);
    }
    worker.isBroken = true;
    job.brokenBy.add(id);
    if (job.brokenBy.size >= MAX_BROKEN) job.fail(this.#unanswered(job));
    // Otherwise another worker that has it as well may do it.
    else if (job.holders === 0) this.#handOutAgain([job]);
    return undefined;
  }

  /** Takes a job out of a slot. @returns undefined if the slot does not have it, or it needs no answer any more */
  #handIn(worker: Worker, slot: number, jobId: number): OpenJob | undefined {
    const job = worker.jobs.get(slot);
    if (job === undefined || job.job.jobId !== jobId) return undefined;
    worker.jobs.delete(slot);
    job.holders -= 1;
    return this.#isOpen(job) ? job : undefined;
  }

  #handOutAgain(jobs: readonly OpenJob[]): void {
    this.#queue.putBack(jobs);
    for (let n = 0; n < jobs.length; n++) this.#wakeOne();
    this.#settleBroken();
  }

  /** Fails the jobs that no worker may do that is there, or lets them wait for another worker. */
  #settleBroken(): void {
    const workers = [...this.#workers];
    for (const job of this.#queue.broken()) {
      if (workers.some(([id]) => !job.brokenBy.has(id))) continue;
      // A worker that does other jobs is fine: the fault is the job's.
      if (workers.some(([, { isProven }]) => isProven)) job.fail(this.#unanswered(job));
      else if (!job.isHeld) void this.#awaitAnother(job);
    }
  }

  /** Fails a job if no worker comes in time that may do it. */
  async #awaitAnother(job: OpenJob): Promise<void> {
    job.isHeld = true;
    await this.#clock.sleep(ANOTHER_SECONDS, this.#closing.signal);
    job.isHeld = false;
    if (this.closed || !this.#isOpen(job) || job.holders > 0) return;
    if (this.#workers.keys().some((id) => !job.brokenBy.has(id))) return;
    job.fail(this.#unanswered(job));
  }

  /** The error of a job that no worker does. */
  #unanswered({ brokenBy }: OpenJob): FlwrError {
    return brokenBy.size > 0 || this.#lastWasBroken
      ? allBroken(this.#brokenReason)
      : noWorker(PATIENCE_SECONDS);
  }

  /** Ends all work: the run is over. */
  close(): void {
    this.#closing.abort();
    for (const job of this.#open.values()) job.fail(cancelled());
    for (const wake of this.#waiting.keys()) wake();
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
    return this.#open.has(job.job.jobId);
  }

  #close(job: OpenJob): void {
    this.#open.delete(job.job.jobId);
    this.#queue.remove(job);
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
    return dropped.map(([, { job }]) => job.jobId);
  }

  /**
   * Finds a job that another worker has had for too long.
   *
   * @returns the job, and otherwise when the next one is late
   */
  #late(id: string, worker: Worker): { readonly late?: OpenJob; readonly lateAt: number } {
    const mean = this.#answered === 0 ? 0 : this.#answeredSeconds / this.#answered;
    const own = new Set(worker.jobs.values());
    let first: OpenJob | undefined;
    for (const job of this.#open.values()) {
      if (job.holders === 0 || job.hands >= MAX_HANDS || own.has(job) || job.brokenBy.has(id)) {
        continue;
      }
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
    this.#lastWasBroken = worker.isBroken && !worker.isProven;
    for (const ending of worker.takes.values()) ending.abort(WOKEN);
    const held = [...worker.jobs.values()].filter((job) => this.#isOpen(job));
    for (const job of held) job.holders -= 1;
    const lost = held.filter(({ holders }) => holders === 0);
    const again = lost.filter(({ hands }) => hands < MAX_HANDS);
    for (const job of lost) if (!again.includes(job)) job.fail(lostTooOften(MAX_HANDS));
    this.#handOutAgain(again);
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
      for (const job of this.#open.values()) job.fail(this.#unanswered(job));
    });
  }

  /** Wakes the call that has waited longest of those that may get a job. */
  #wakeOne(): void {
    if (this.#queue.size === 0) return;
    for (const [wake, id] of this.#waiting) {
      if (!this.#queue.hasFor(id)) continue;
      this.#waiting.delete(wake);
      return wake();
    }
  }

  /** Resolves when there may be a job for a worker, the time is up, or the caller has gone. */
  async #nextJob(id: string, seconds: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort(WOKEN);
    this.#waiting.set(wake, id);
    await this.#clock.sleep(seconds, AbortSignal.any([signal, woken.signal]));
    this.#waiting.delete(wake);
  }
}
