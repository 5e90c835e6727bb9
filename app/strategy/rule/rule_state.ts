import { FlwrError } from "../../../base/error.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { RecordDict } from "../../record_dict.ts";
import { Moments } from "./moments.ts";

/** The state of a strategy: moments by name. It can be saved as a RecordDict, and restored exactly. */
export class RuleState {
  readonly #moments = new Map<string, Moments>();
  #changes: { readonly change: () => void; readonly problem: string | undefined }[] = [];

  /** The moments with a name, initially zero. */
  moments(name: string): Moments {
    let moments = this.#moments.get(name);
    if (moments === undefined) this.#moments.set(name, moments = new Moments());
    return moments;
  }

  /**
   * Registers a change of `Moments.inPlace`. It is made when the new model has proved finite, and dropped otherwise.
   *
   * @param change changes the kept doubles
   * @param problem describes a double that the change would make infinite or NaN; the old model then stays (default:
   *   none)
   */
  changeLater(change: () => void, problem?: string): void {
    this.#changes.push({ change, problem });
  }

  /** Describes the first number of a draft or of a later change that is not finite; undefined if there is none. */
  notFinite(): string | undefined {
    const change = this.#changes.find(({ problem }) => problem !== undefined);
    if (change !== undefined) return change.problem;
    for (const moments of this.#moments.values()) {
      const problem = moments.notFinite();
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /** Makes the registered changes, and keeps the drafts for the next round. */
  keepDrafts(): void {
    for (const { change } of this.#changes.splice(0)) change();
    for (const moments of this.#moments.values()) moments.keepDrafts();
  }

  /** Drops the drafts and the registered changes, so that the next round or attempt starts from the kept state. */
  dropDrafts(): void {
    this.#changes = [];
    for (const moments of this.#moments.values()) moments.dropDrafts();
  }

  /** Clears all state, because another run starts. */
  clear(): void {
    this.#changes = [];
    for (const moments of this.#moments.values()) moments.clear();
  }

  /** The kept state: one ArrayRecord of float64 vectors for each name. */
  save(): RecordDict {
    const records = [...this.#moments].map(([name, moments]) => {
      const vectors = [...moments.kept()].map(([array, values]) =>
        [array, tensor("float64", [values.length], values)] as const
      );
      return [name, ArrayRecord.fromTensors(vectors)] as const;
    });
    return new RecordDict(records);
  }

  /**
   * Replaces the state by one that {@link save} returned.
   *
   * @throws FlwrError "invalid-argument" that names the record and array that are not valid state; the state is then
   *   unchanged
   */
  load(saved: RecordDict): void {
    const loaded = new Map<string, Map<string, Float64Array>>();
    for (const [name, arrays] of saved.arrayRecords) {
      const values = new Map<string, Float64Array>();
      for (const [array, { dtype, shape, data }] of arrays.tensors()) {
        if (dtype !== "float64" || shape.length !== 1 || !data.every((x) => Number.isFinite(x))) {
          throw new FlwrError(
            "invalid-argument",
            `State "${name}", array "${array}" must be a finite float64 vector: got ${dtype} [${shape}]`,
            { hints: ["The state was saved by another strategy or version, or is damaged"] },
          );
        }
        values.set(array, data as Float64Array);
      }
      loaded.set(name, values);
    }
    this.clear();
    for (const [name, values] of loaded) this.moments(name).load(values);
  }
}
