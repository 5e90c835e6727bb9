import { FlwrError } from "../base/error.ts";
import { encodeNpz } from "../tensor/npz.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { describeType, isKind, KIND } from "./brand.ts";
import { type Named, namedEntries, NamedMap } from "./named_map.ts";
import { NdArray } from "./nd_array.ts";

/**
 * The arrays of a model, by name, in the model's order.
 *
 * @example
 * ```ts
 * const arrays = ArrayRecord.fromTensors({ "fc.bias": tensor("float32", [2], new Float32Array(2)) });
 * arrays.tensors().get("fc.bias");
 * ```
 */
export class ArrayRecord extends NamedMap<NdArray> {
  /** The class of the object, which other copies of this module recognise. */
  readonly [KIND] = "ArrayRecord";

  /** Accepts arrays only. */
  protected override admit(value: NdArray): NdArray {
    if (isKind(value, "NdArray")) return value;
    throw new FlwrError(
      "invalid-argument",
      `An ArrayRecord contains NdArrays only: got ${describeType(value)}`,
      { hints: ["Use ArrayRecord.fromTensors for tensors"] },
    );
  }

  /** Serialises tensors by name. Their elements are copied. */
  static fromTensors(tensors: Named<Tensor>): ArrayRecord {
    const record = new ArrayRecord();
    for (const [name, tensor] of namedEntries(tensors)) {
      record.set(name, NdArray.fromTensor(tensor));
    }
    return record;
  }

  /**
   * Decodes the arrays into tensors, which are copies.
   *
   * @throws FlwrError "invalid-argument" that names the array whose bytes are invalid
   */
  tensors(): Map<string, Tensor> {
    return this.#decode((array) => array.toTensor());
  }

  /**
   * Decodes the arrays into tensors that may share the record's bytes: do not change them. @throws as {@link tensors}
   */
  viewTensors(): Map<string, Tensor> {
    return this.#decode((array) => array.viewTensor());
  }

  /**
   * Encodes the arrays as a .npz file with their names, for `decodeNpz` and numpy's `load`. @throws as {@link tensors}
   */
  toNpz(): Uint8Array<ArrayBuffer> {
    return encodeNpz(this.viewTensors());
  }

  /** Size of all serialised arrays, in bytes. */
  get byteLength(): number {
    return this.values().reduce((sum, array) => sum + array.data.length, 0);
  }

  /**
   * The same arrays, in the same order, with other names. Flower's older clients and servers number the arrays instead
   * of naming them.
   *
   * @throws FlwrError "invalid-argument" unless there is one unique name per array
   */
  withNames(names: Iterable<string>): ArrayRecord {
    const all = [...names];
    if (all.length !== this.size || new Set(all).size !== all.length) {
      throw new FlwrError(
        "invalid-argument",
        `Renaming ${this.size} arrays needs as many unique names: got ${new Set(all).size}`,
      );
    }
    const arrays = [...this.values()];
    return new ArrayRecord(all.map((name, i) => [name, arrays[i]!] as const));
  }

  #decode(read: (array: NdArray) => Tensor): Map<string, Tensor> {
    const tensors = new Map<string, Tensor>();
    for (const [name, array] of this) {
      try {
        tensors.set(name, read(array));
      } catch (error) {
        if (!(error instanceof FlwrError)) throw error;
        throw new FlwrError(error.code, `Array "${name}": ${error.message}`, { cause: error });
      }
    }
    return tensors;
  }
}
