import { CHECKPOINT_FOLDER } from "./checkpoint_folder.ts";
import { basename, dirname, join } from "node:path";
import type { ArtifactStore } from "../../app/artifacts.ts";
import { artifactNamesClash } from "../../base/artifact_name.ts";
import { FlwrError } from "../../base/error.ts";

/** Stores a run's artifacts as files of a folder, which is created with the first one. */
export class ArtifactFolder implements ArtifactStore {
  readonly #folder: string;
  readonly #names = new Set<string>();

  /** @param folder must not be used by anything else */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes to a temporary file and renames it, so that an incomplete file never has the artifact's name. */
  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    const clash = [...this.#names].find((known) => artifactNamesClash(known, name));
    if (clash !== undefined) {
      throw new FlwrError(
        "invalid-argument",
        `Artifact "${name}" cannot be saved together with "${clash}": some file systems treat the names as one`,
      );
    }
    const path = join(this.#folder, name);
    // Artifact names cannot begin with a dot.
    const unfinished = join(dirname(path), `.${basename(path)}.unfinished`);
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(unfinished, bytes);
      await Deno.rename(unfinished, path);
    } catch (cause) {
      await Deno.remove(unfinished).catch(() => {});
      throw new FlwrError("failed-precondition", `Cannot write artifact "${path}"`, {
        cause,
        hints: ["Check the free disk space and the folder's permissions"],
      });
    }
    this.#names.add(name);
    return true;
  }
}

/**
 * Checks that a folder is missing or empty, so that no file is overwritten. Checkpoints of an earlier run may be there: the
 * new run replaces them.
 *
 * @param flag the flag that named it
 * @param replaced names of files that are replaced as well
 * @throws FlwrError "already-exists" if it is not empty; "failed-precondition" if it is not a folder
 */
export async function requireNewFolder(
  folder: string,
  flag: string,
  replaced: readonly string[] = [],
): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name === CHECKPOINT_FOLDER || replaced.includes(name)) continue;
      throw new FlwrError(
        "already-exists",
        `Folder "${folder}" is not empty: it contains "${name}"`,
        {
          hints: [`Name another folder with ${flag}, or empty this one`],
        },
      );
    }
  } catch (cause) {
    if (cause instanceof FlwrError) throw cause;
    if (cause instanceof Deno.errors.NotFound) return;
    throw new FlwrError("failed-precondition", `${flag}: cannot write to folder "${folder}"`, {
      cause,
    });
  }
}
