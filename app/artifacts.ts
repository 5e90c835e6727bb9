import { artifactNameFault } from "../base/artifact_name.ts";
import { FlwrError } from "../base/error.ts";
import type { ArrayRecord } from "./array_record.ts";
import { describeType, isKind } from "./brand.ts";

/** Content of an artifact: bytes, a string, or a model's arrays, saved as a .npz file. */
export type ArtifactContent = Uint8Array | string | ArrayRecord;

/** The files that a run saves as its results. `flwr pull` downloads them. */
export interface Artifacts {
  /**
   * Saves a file, replacing an earlier one with the same name.
   *
   * Arrays become a .npz file with their names, as numpy's `savez` writes it: `numpy.load` reads it, and with PyTorch's
   * names of a network it is the network's state dict.
   *
   * @param name a file name or a short path: "model.npz", "round-3/metrics.json"
   * @param content do not change bytes before the promise settles
   * @returns whether the file was saved: false if the SuperLink stores no artifacts, such as Flower's own; the run's
   * log says so too
   * @throws FlwrError "invalid-argument" for an invalid name or content; "resource-exhausted" when the run has used up
   * its space
   *
   * @example
   * ```ts
   * export const app = new ServerApp().main(async (grid, { artifacts }) => {
   *   const { arrays } = await new FedAvg().start(grid, { numRounds: 3 });
   *   await artifacts.save("model.npz", arrays);
   * });
   * ```
   */
  save(name: string, content: ArtifactContent): Promise<boolean>;
}

/** Stores artifacts: at the SuperLink, or in a folder. */
export interface ArtifactStore {
  /** Saves a file under a valid name. @returns false if it stores no artifacts */
  save(name: string, bytes: Uint8Array): Promise<boolean>;
}

/** Called for each file, with its size in bytes; undefined if it was not saved. */
export type SavedListener = (name: string, size: number | undefined) => void;

/** The artifacts of a run, saved one after the other. */
export class RunArtifacts implements Artifacts {
  readonly #store: ArtifactStore;
  readonly #saved: SavedListener;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Saves artifacts in a store.
   *
   * @param saved called for each file, whether it was saved or not
   */
  constructor(store: ArtifactStore, saved: SavedListener = () => {}) {
    this.#store = store;
    this.#saved = saved;
  }

  async save(name: string, content: ArtifactContent): Promise<boolean> {
    checkName(name);
    const bytes = bytesOf(name, content);
    const saving = this.#last.then(() => this.#store.save(name, bytes));
    this.#last = saving.catch(() => {});
    const kept = await saving;
    this.#saved(name, kept ? bytes.length : undefined);
    return kept;
  }

  /** Waits for pending saves, because an app may return before they end. */
  async settled(): Promise<void> {
    await this.#last;
  }
}

function checkName(name: string): void {
  if (typeof name !== "string") {
    throw new FlwrError(
      "invalid-argument",
      `An artifact's name must be a string: got ${describeType(name)}`,
    );
  }
  const fault = artifactNameFault(name);
  if (fault === undefined) return;
  throw new FlwrError("invalid-argument", `Artifact "${name.slice(0, 200)}" ${fault}`, {
    hints: ['Give it a plain name, for example "model.npz" or "round-3/model.npz"'],
  });
}

function bytesOf(name: string, content: ArtifactContent): Uint8Array {
  if (content instanceof Uint8Array) return content;
  if (typeof content === "string") return new TextEncoder().encode(content);
  if (!isKind(content, "ArrayRecord")) {
    throw new FlwrError(
      "invalid-argument",
      `Artifact "${name}" must be a Uint8Array, a string or an ArrayRecord: ` +
        `got ${describeType(content)}`,
      { hints: ["For an object: JSON.stringify(object)", "For tensors: ArrayRecord.fromTensors"] },
    );
  }
  if (name.endsWith(".npz")) return content.toNpz();
  throw new FlwrError(
    "invalid-argument",
    `Artifact "${name}" has arrays, so its name must end in .npz`,
    {
      hints: [`Name it "${name}.npz"`],
    },
  );
}
