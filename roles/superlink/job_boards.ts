import { type Clock, systemClock } from "../../base/clock.ts";
import { isFinished, type LinkRun } from "../../entities/run.ts";
import { JobBoard } from "../../simulation/jobs/job_board.ts";

/** Ended runs that are remembered: more than calls that were admitted before their run ended, and go on after it. */
const MAX_ENDED = 10_000;

/** Seconds between two looks whether runs are over that another SuperLink may have ended. */
export const LOOK_SECONDS = 15;

/** The boards of the runs that are simulated by workers on other machines, each until its run ends. */
export class JobBoards {
  readonly #logLine: (runId: bigint, line: string) => void;
  readonly #boards = new Map<bigint, JobBoard>();
  readonly #ended = new Set<bigint>();
  #isStopped = false;

  /** @param logLine appends a line to the log of a run */
  constructor(logLine: (runId: bigint, line: string) => void) {
    this.#logLine = logLine;
  }

  /** The board of a run. That of a run that is over is closed, and is not kept. */
  of(runId: bigint): JobBoard {
    let board = this.#boards.get(runId);
    if (board !== undefined) return board;
    board = new JobBoard({
      tell: (sentence) => {
        const time = new Date(systemClock.now() * 1000).toISOString();
        this.#logLine(runId, `${time} ${sentence}\n`);
      },
    });
    if (this.#isStopped) board.stop();
    else if (this.#ended.has(runId)) board.close();
    else this.#boards.set(runId, board);
    return board;
  }

  /** Ends the work of a run that is over. */
  end(runId: bigint): void {
    this.#boards.get(runId)?.close();
    this.#boards.delete(runId);
    this.#ended.add(runId);
    if (this.#ended.size <= MAX_ENDED) return;
    const [oldest] = this.#ended;
    this.#ended.delete(oldest!);
  }

  /**
   * Ends from time to time the work of runs that are over, or go on at another SuperLink that shares the store: events
   * of other SuperLinks are not heard here. Each look reads the runs with boards, one after another.
   *
   * @param get reads a run. If it fails, the next look asks again
   */
  async followStore(
    get: (runId: bigint) => Promise<LinkRun | undefined>,
    signal: AbortSignal,
    clock: Clock = systemClock,
  ): Promise<void> {
    for (;;) {
      await clock.sleep(LOOK_SECONDS, signal);
      if (signal.aborted) return;
      for (const [runId, board] of [...this.#boards]) {
        try {
          const run = await get(runId);
          if (run === undefined || isFinished(run.state)) this.end(runId);
          else if (run.isElsewhere) this.#leave(runId, board);
        } catch {
          break;
        }
        if (signal.aborted) return;
      }
    }
  }

  /** Gives up a board whose run may come back. Its workers and jobs end. */
  #leave(runId: bigint, board: JobBoard): void {
    if (this.#boards.get(runId) === board) this.#boards.delete(runId);
    board.stop();
  }

  /** Ends the work of all runs, because the SuperLink stops. */
  stop(): void {
    this.#isStopped = true;
    for (const board of this.#boards.values()) board.stop();
    this.#boards.clear();
  }

  /** Number of runs with a board. */
  get size(): number {
    return this.#boards.size;
  }
}
