import { systemClock } from "../../base/clock.ts";
import { JobBoard } from "../../simulation/jobs/job_board.ts";

/** Ended runs that are remembered: more than calls that were admitted before their run ended, and go on after it. */
const MAX_ENDED = 10_000;

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
