import type { RecordDict } from "./record_dict.ts";

/** Stores checkpoints by name: at the SuperLink, or in a folder. */
export interface CheckpointStore {
  /**
   * Saves a checkpoint. It replaces the one with the same name at once: a reader gets the old bytes or the new ones.
   *
   * @param name a plain name, for example "start-1"
   * @returns false if it stores no checkpoints
   */
  save(name: string, bytes: Uint8Array): Promise<boolean>;
  /** The checkpoint with a name; undefined if there is none. */
  load(name: string): Promise<Uint8Array | undefined>;
}

/** The checkpoint of a ServerApp that does not use a strategy. */
export interface Checkpoint {
  /**
   * Saves records, replacing those of the last call. If the SuperLink is restarted, or the process of the run's app
   * ends, the run starts again, and {@link load} returns them.
   *
   * @param records at most 2 GiB. Do not change them before the promise settles
   * @returns whether they were saved: false if the SuperLink stores no checkpoints, such as Flower's own
   * @throws FlwrError "resource-exhausted" when they are too large
   *
   * @example
   * ```ts
   * export const app = new ServerApp().main(async (grid, { checkpoint }) => {
   *   const saved = await checkpoint.load();
   *   let round = saved?.configRecord("progress").number("round") ?? 0;
   *   while (round < 10) {
   *     round++;
   *     // …
   *     await checkpoint.save(new RecordDict({ progress: new ConfigRecord({ round }) }));
   *   }
   * });
   * ```
   */
  save(records: RecordDict): Promise<boolean>;
  /**
   * The records that this run, or the one that it resumes, saved last; undefined if there are none.
   *
   * @throws FlwrError "data-loss" when they are damaged
   */
  load(): Promise<RecordDict | undefined>;
}

/** The checkpoint of a strategy. It is written while the strategy's next round is under way. */
export interface StrategyCheckpoint extends Pick<Checkpoint, "load"> {
  /** False once the store has said that it stores nothing. */
  readonly isStored: boolean;
  /**
   * Copies the records before it returns, and writes the copy in the background, in place of one that has not been
   * started. Records of more than 16 MiB wait for the write in progress before they are copied, so that there is one copy
   * at a time.
   *
   * @param failed called when the copy cannot be written
   */
  replace(records: RecordDict, failed: (error: unknown) => void): void | Promise<void>;
  /** Waits until the last copy is written, or has failed. */
  written(): Promise<void>;
  /** Writes records next to the checkpoint, in place of those of the last call. They are durable when the promise resolves. */
  saveReleases(releases: RecordDict): Promise<void>;
  /** The records of the last {@link saveReleases}; undefined if there are none. @throws FlwrError "data-loss" */
  loadReleases(): Promise<RecordDict | undefined>;
}

/** The checkpoints of a run, as its grid passes them to strategies. */
export interface Checkpoints {
  /** The checkpoint of the next strategy: a resumed ServerApp starts its strategies in the same order. */
  nextStart(): StrategyCheckpoint;
}
