import { artifactNamesClash } from "../../base/artifact_name.ts";
import { FlwrError } from "../../base/error.ts";
import type { ArtifactStore } from "../artifacts.ts";
import type { ConfigRecord } from "../config_record.ts";
import type { Grid } from "../grid.ts";
import { encodeHistory } from "./encode_history.ts";
import { HistoryRecorder } from "./history_recorder.ts";
import { HISTORY_FILE } from "../../base/history_file.ts";

/** A store of artifacts that saves the history of the run next to the files of the app. */
export class HistoryArtifact implements ArtifactStore {
  readonly #recorder: HistoryRecorder;
  readonly #runConfig: ConfigRecord;
  readonly #store: ArtifactStore;
  /** A file of the app that has the history's name, or one that some file systems treat as the same. */
  #own: string | undefined;

  constructor(grid: Grid, runConfig: ConfigRecord, store: ArtifactStore) {
    this.#recorder = new HistoryRecorder(grid);
    this.#runConfig = runConfig;
    this.#store = store;
  }

  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    const isSaved = await this.#store.save(name, bytes);
    if (name === HISTORY_FILE || artifactNamesClash(name, HISTORY_FILE)) this.#own = name;
    return isSaved;
  }

  /**
   * Saves the history, when the ServerApp has ended. A run without a strategy has none. A history that cannot be saved does
   * not change the result of the run, so this never rejects.
   *
   * @param error why the ServerApp failed (default: it did not)
   * @returns what the user should know, as a sentence; otherwise undefined
   */
  async saveHistory(error?: string): Promise<string | undefined> {
    if (this.#recorder.isEmpty) return undefined;
    if (this.#own !== undefined) {
      return `The run's history is not saved as ${HISTORY_FILE}: the app saved "${this.#own}"`;
    }
    try {
      const { bytes, note } = encodeHistory(this.#recorder.toJson(this.#runConfig, error));
      const isSaved = await this.#store.save(HISTORY_FILE, bytes);
      return isSaved && note !== undefined ? `${HISTORY_FILE} ${note}` : undefined;
    } catch (failure) {
      return `The run's history is not saved: ${FlwrError.from(failure).message}`;
    }
  }
}
