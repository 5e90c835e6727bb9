import { basename, dirname, join } from "node:path";
import type { ArtifactStore } from "../../app/artifacts.ts";
import { artifactNamesClash } from "../../base/artifact_name.ts";
import { FlwrError } from "../../base/error.ts";

/** Keeps a run's artifacts as files of a folder, which is made for the first. */
export class ArtifactFolder implements ArtifactStore {
  readonly #folder: string;
  readonly #names = new Set<string>();

  /** @param folder nobody else's */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes a file beside its place and moves it there: at any time it is there whole, or the one before. */
  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    const clash = [...this.#names].find((known) => artifactNamesClash(known, name));
    if (clash !== undefined) {
      throw new FlwrError(
        "invalid-argument",
        `Artifact "${name}" cannot be saved together with "${clash}": some file systems treat the names as one`,
      );
    }
    const path = join(this.#folder, name);
    // No artifact has such a name.
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
 * Makes sure that a folder is not there or empty: what is put there replaces nothing.
 *
 * @param flag that named it
 * @throws FlwrError "already-exists"; "failed-precondition" for what is no folder
 */
export async function requireNewFolder(folder: string, flag: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
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
