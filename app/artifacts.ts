import { artifactNameFault } from "../base/artifact_name.ts";
import { FlwrError } from "../base/error.ts";
import type { ArrayRecord } from "./array_record.ts";
import { describeType, isKind } from "./brand.ts";

/** Content of an artifact: bytes, a string, or a model's arrays, saved as a .npz file. */
export type ArtifactContent = Uint8Array | string | ArrayRecord;

/** The files that a run saves as its results. Whoever started it fetches them with `flwr pull`. */
export interface Artifacts {
  /**
   * Keeps a file; one that was saved under the same name before is replaced.
   *
   * Arrays become a .npz file with the names that they have, as numpy's `savez` writes it: `numpy.load` reads it, and
   * with PyTorch's names of a network it is a state dict of it.
   *
   * @param name a file's name, or a short path: "model.npz", "round-3/metrics.json"
   * @param content bytes must not be changed before the promise settles
   * @returns whether it is kept: false at a SuperLink that keeps none, as Flower's own; the run's log says so, too
   * @throws FlwrError "invalid-argument" for a name or content that cannot be kept; "resource-exhausted" for more than a
   *   run may keep
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

/** Where artifacts go: to the SuperLink, or into a folder. */
export interface ArtifactStore {
  /** Keeps a file under a name that is one. @returns false where none is kept */
  save(name: string, bytes: Uint8Array): Promise<boolean>;
}

/** Hears of a file that was kept, with its size in bytes; without one: it was not. */
export type Saved = (name: string, size: number | undefined) => void;

/** The artifacts of a run, which are kept one after the other. */
export class RunArtifacts implements Artifacts {
  readonly #store: ArtifactStore;
  readonly #saved: Saved;
  #last: Promise<unknown> = Promise.resolve();

  /** @param saved told of each file that is kept, or is not */
  constructor(store: ArtifactStore, saved: Saved = () => {}) {
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

  /** Waits for what is being saved: an app may return before. */
  async settled(): Promise<void> {
    await this.#last;
  }
}

function checkName(name: string): void {
  if (typeof name !== "string") {
    throw new FlwrError(
      "invalid-argument",
      `An artifact's name is not a string: got ${describeType(name)}`,
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
      `Artifact "${name}" is not a Uint8Array, a string or an ArrayRecord: ` +
        `got ${describeType(content)}`,
      { hints: ["For an object: JSON.stringify(object)", "For tensors: ArrayRecord.fromTensors"] },
    );
  }
  if (name.endsWith(".npz")) return content.toNpz();
  throw new FlwrError("invalid-argument", `Artifact "${name}" holds arrays, which become a .npz`, {
    hints: [`Name it "${name}.npz"`],
  });
}
