import { FlwrError } from "../../base/error.ts";
import type { CheckpointStore, StrategyCheckpoint } from "../checkpoints.ts";
import type { Grid } from "../grid.ts";
import { type Checkpointable, misfit, otherStrategy } from "./checkpointable.ts";
import { releasesFromRecords, releasesToRecords } from "./releases_checkpoint.ts";
import {
  checkFits,
  type ResumeTarget,
  type RoundsCheckpoint,
  roundsFromRecords,
  roundsToRecords,
} from "./rounds_checkpoint.ts";
import { RunCheckpoints } from "./run_checkpoints.ts";

/** Where and how often a strategy saves checkpoints. */
export interface CheckpointOptions {
  /**
   * Rounds between two checkpoints, from 1 (default 1). The last round is always saved, and strategies that count their
   * privacy loss save each training.
   */
  readonly every?: number;
  /** Store for the checkpoints (default: the run's). */
  readonly store?: CheckpointStore;
}

/** The progress of a strategy, as the driver knows it. */
export type Progress = Omit<RoundsCheckpoint, "strategy" | "state">;

/** A strategy, as its driver describes it. */
export interface CheckpointedStrategy {
  readonly name: string;
  readonly state: Checkpointable;
}

/** Saves the progress of one strategy, and loads it when its run is resumed. */
export class StrategyCheckpoints {
  readonly #strategy: CheckpointedStrategy;
  readonly #grid: Grid;
  readonly #stored: StrategyCheckpoint;
  readonly #every: number;
  #reported: string | undefined;

  private constructor(
    strategy: CheckpointedStrategy,
    grid: Grid,
    stored: StrategyCheckpoint,
    every: number,
  ) {
    this.#strategy = strategy;
    this.#grid = grid;
    this.#stored = stored;
    this.#every = every;
  }

  /**
   * Opens the checkpoints of a strategy that starts.
   *
   * @param option the strategy's option `checkpoint`
   * @returns undefined if there are none: they are switched off, or the run has no store
   * @throws FlwrError "invalid-argument" for an option that is out of range
   */
  static open(
    strategy: CheckpointedStrategy,
    grid: Grid,
    option: boolean | CheckpointOptions | undefined,
  ): StrategyCheckpoints | undefined {
    if (option === false) return undefined;
    const given = typeof option === "object" ? option : {};
    const { every = 1, store } = given;
    if (!Number.isSafeInteger(every) || every < 1) {
      throw new FlwrError(
        "invalid-argument",
        `checkpoint.every must be a whole number of rounds from 1: got ${every}`,
        { hints: ["Set checkpoint to false to save no checkpoints"] },
      );
    }
    const run = store === undefined ? grid.checkpoints : runOf(store);
    return run && new StrategyCheckpoints(strategy, grid, run.nextStart(), every);
  }

  /**
   * Loads the last checkpoint, and restores the strategy's state from it.
   *
   * @returns undefined if there is none
   * @throws FlwrError "failed-precondition" if it does not fit the strategy; "data-loss" if it is damaged
   */
  async load(target: Omit<ResumeTarget, "strategy">): Promise<Progress | undefined> {
    const { state, name: strategy } = this.#strategy;
    const records = await this.#stored.load();
    const checkpoint = records && roundsFromRecords(records);
    if (checkpoint !== undefined) {
      checkFits(checkpoint, { ...target, strategy });
      restore(() => state.loadState(checkpoint.state));
    }
    const saved = await this.#stored.loadReleases();
    const released = saved && releasesFromRecords(saved);
    // The checkpoint of the same round, or of a later one, has counted the release.
    const trainedRound = checkpoint?.trained?.round ?? checkpoint?.rounds.length ?? 0;
    if (released !== undefined && released.round > trainedRound) {
      if (released.strategy !== strategy) throw otherStrategy(released.strategy, strategy);
      restore(() => state.loadReleases?.(released.releases));
      const text =
        `  Round ${released.round} was interrupted: what it released counts, and it is repeated`;
      this.#grid.report({ type: "note", text });
    }
    return checkpoint;
  }

  /**
   * Saves what the strategy counts of its releases, so that a resumed run knows of that of a round that was interrupted. It
   * waits for nothing but its own write.
   *
   * @param round the round that releases, from 1
   * @throws FlwrError "unavailable" if it cannot be written
   */
  async saveReleases(round: number): Promise<void> {
    const releases = this.#strategy.state.saveReleases?.();
    if (releases === undefined || releases.size === 0 || !this.#stored.isStored) return;
    const { name: strategy } = this.#strategy;
    try {
      await this.#stored.saveReleases(releasesToRecords({ strategy, round, releases }));
    } catch (cause) {
      const { message, hints } = FlwrError.from(cause);
      throw new FlwrError(
        "unavailable",
        `The privacy loss of round ${round} cannot be saved, so the round releases nothing: ${message}`,
        { hints: [...hints.slice(0, 2), "Resume the run when checkpoints can be saved"], cause },
      );
    }
  }

  /**
   * Saves the progress, if it is this round's turn, while the next round goes on: a crash can cost a round more than the
   * one in progress.
   *
   * A checkpoint that cannot be written does not end the run: it is reported.
   *
   * @param isNeeded whether it is always saved, and is written when the promise resolves: the first one, because a run
   * with instructions but no checkpoint cannot be resumed; the last one; and those after each training of a strategy that
   * has `savesEachRound`
   */
  async save(progress: Progress, isNeeded: boolean): Promise<void> {
    const round = progress.trained?.round ?? progress.rounds.length;
    const isDue = isNeeded || round % this.#every === 0;
    if (this.#stored.isStored && isDue) await this.#replace(progress, round);
    if (isNeeded) await this.written();
  }

  /** Waits until the last checkpoint is written, or has failed. */
  async written(): Promise<void> {
    await this.#stored.written();
  }

  async #replace(progress: Progress, round: number): Promise<void> {
    const failed = (error: unknown) => this.#report(round, error);
    try {
      const state = this.#strategy.state.saveState();
      const { name: strategy } = this.#strategy;
      await this.#stored.replace(roundsToRecords({ ...progress, strategy, state }), failed);
    } catch (error) {
      failed(error);
    }
  }

  #report(round: number, error: unknown): void {
    const { message: reason } = FlwrError.from(error);
    // The same reason would come back after each round.
    if (reason !== this.#reported) this.#grid.report({ type: "checkpoint-failed", round, reason });
    this.#reported = reason;
  }
}

function restore(load: () => void): void {
  try {
    load();
  } catch (error) {
    const { message } = FlwrError.from(error);
    throw misfit(message, "Start the strategy that saved it, with its options");
  }
}

/** The runs of stores that apps gave. Several strategies of a run can share one. */
const runs = new WeakMap<CheckpointStore, RunCheckpoints>();

function runOf(store: CheckpointStore): RunCheckpoints {
  const known = runs.get(store) ?? new RunCheckpoints(store);
  runs.set(store, known);
  return known;
}
