import { join, resolve } from "node:path";
import type { CheckpointStore } from "../../app/checkpoints.ts";
import { FlwrError } from "../../base/error.ts";

/** Folder of the checkpoints in a run's folder. Artifact names cannot begin with a dot. */
export const CHECKPOINT_FOLDER = ".checkpoint";

const FILE_NAME = /^[a-z0-9-]+\.checkpoint$/;

/** Stores a run's checkpoints as files of a hidden folder in the run's folder, which is created with the first one. */
export class CheckpointFolder implements CheckpointStore {
  readonly #folder: string;
  readonly #resumed: string | undefined;
  #isUsed = false;

  /**
   * @param run the run's folder
   * @param resumed the folder of checkpoints that the run goes on from, as {@link requireCheckpoints} returns it
   */
  constructor(run: string, resumed?: string) {
    this.#folder = resolve(run, CHECKPOINT_FOLDER);
    this.#resumed = resumed === undefined ? undefined : resolve(resumed);
  }

  /** Whether there is a checkpoint in the folder. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Writes to a temporary file and renames it, so that a crash leaves the old checkpoint or the new one. */
  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    const path = this.#path(this.#folder, name);
    const unfinished = `${path}.unfinished`;
    try {
      if (!this.#isUsed && this.#resumed !== this.#folder) await this.#clear();
      await Deno.mkdir(this.#folder, { recursive: true });
      using file = await Deno.open(unfinished, { write: true, create: true, truncate: true });
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      await file.sync();
      await Deno.rename(unfinished, path);
    } catch (cause) {
      await Deno.remove(unfinished).catch(() => {});
      throw new FlwrError("failed-precondition", `Cannot write checkpoint "${path}"`, {
        cause,
        hints: ["Check the free disk space and the folder's permissions"],
      });
    }
    this.#isUsed = true;
    return true;
  }

  /** Removes the checkpoints of an earlier run in the same folder. */
  async #clear(): Promise<void> {
    try {
      for await (const { name, isFile } of Deno.readDir(this.#folder)) {
        if (isFile && FILE_NAME.test(name)) await Deno.remove(join(this.#folder, name));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Also copies a checkpoint of the resumed run, so that this run can be resumed before it saves its first one. */
  async load(name: string): Promise<Uint8Array | undefined> {
    if (this.#resumed === undefined) return undefined;
    const path = this.#path(this.#resumed, name);
    let bytes;
    try {
      bytes = await Deno.readFile(path);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return undefined;
      throw new FlwrError("failed-precondition", `--resume: cannot read checkpoint "${path}"`, {
        cause,
      });
    }
    await this.save(name, bytes);
    return bytes;
  }

  #path(folder: string, name: string): string {
    return join(folder, `${name}.checkpoint`);
  }
}

/**
 * Finds the checkpoints in a run's folder.
 *
 * @param folder the run's folder, or the folder of checkpoints in it
 * @returns the folder of checkpoints
 * @throws FlwrError "not-found" naming the flag if there are none
 */
export async function requireCheckpoints(folder: string): Promise<string> {
  for (const candidate of [join(folder, CHECKPOINT_FOLDER), folder]) {
    try {
      for await (const { name, isFile } of Deno.readDir(candidate)) {
        if (isFile && FILE_NAME.test(name)) return candidate;
      }
    } catch {
      // The error below names the folder.
    }
  }
  throw new FlwrError("not-found", `--resume: found no checkpoint in folder "${folder}"`, {
    hints: [
      "Name the folder of a run: run-<id>, or its --artifacts folder",
      "Apps with a strategy save checkpoints, unless its option checkpoint is false",
    ],
  });
}
