import { systemClock } from "../../base/clock.ts";
import { JobBoard } from "../../simulation/jobs/job_board.ts";

export { MAX_SLOTS } from "../../simulation/jobs/job_board.ts";

/** The boards of the runs that are simulated by workers on other machines, each until its run ends. */
export class JobBoards {
  readonly #logLine: (runId: bigint, line: string) => void;
  readonly #boards = new Map<bigint, JobBoard>();
  #closed = false;

  /** @param logLine appends a line to the log of a run */
  constructor(logLine: (runId: bigint, line: string) => void) {
    this.#logLine = logLine;
  }

  /** The board of a run that is not over. */
  of(runId: bigint): JobBoard {
    let board = this.#boards.get(runId);
    if (board !== undefined) return board;
    board = new JobBoard({
      tell: (sentence) => {
        const time = new Date(systemClock.now() * 1000).toISOString();
        this.#logLine(runId, `${time} ${sentence}\n`);
      },
    });
    if (this.#closed) board.close();
    else this.#boards.set(runId, board);
    return board;
  }

  /** Ends the work of a run that is over. */
  end(runId: bigint): void {
    this.#boards.get(runId)?.close();
    this.#boards.delete(runId);
  }

  /** Ends the work of all runs, because the SuperLink stops. */
  close(): void {
    this.#closed = true;
    for (const runId of [...this.#boards.keys()]) this.end(runId);
  }
}
