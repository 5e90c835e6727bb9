import { FlwrError } from "../base/error.ts";
import { decodeNpy, encodeNpy } from "../tensor/npy.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { KIND } from "./brand.ts";

/** The only serialisation that Flower defines for an array's bytes: a whole .npy file. */
export const NUMPY_STYPE = "numpy.ndarray";

/** The fields of Flower's `Array`, as they travel. */
export interface NdArrayFields {
  /** The element type by numpy's name; empty where the sender does not say (Flower's older clients). */
  readonly dtype: string;
  /** Lengths of the axes; empty for a scalar and where the sender does not say. */
  readonly shape: readonly number[];
  /** How `data` is serialised. Flower: "numpy.ndarray". */
  readonly stype: string;
  /** The serialised array. */
  readonly data: Uint8Array;
}

/**
 * One named array of a model: Flower's `Array`. It keeps the bytes as they came, so what is only passed on is neither
 * decoded nor changed. Treat `data` as read-only: records share it.
 */
export class NdArray implements NdArrayFields {
  /** What it is, also for another copy of this module. */
  readonly [KIND] = "NdArray";
  /** Element type as numpy names it: `float32`. */
  readonly dtype: string;
  /** Lengths of the axes. */
  readonly shape: readonly number[];
  /** How `data` is serialised: `numpy.ndarray` for .npy. */
  readonly stype: string;
  /** The serialised array. */
  readonly data: Uint8Array;

  /** Puts an array together as it travels; {@link NdArray.fromTensor} makes one of numbers. */
  constructor({ dtype, shape, stype, data }: NdArrayFields) {
    this.dtype = dtype;
    this.shape = [...shape];
    this.stype = stype;
    this.data = data;
  }

  /** Serialises a tensor. Its elements are copied. */
  static fromTensor(tensor: Tensor): NdArray {
    const { dtype, shape } = tensor;
    return new NdArray({ dtype, shape, stype: NUMPY_STYPE, data: encodeNpy(tensor) });
  }

  /**
   * The array as a tensor of its own, which the caller may change.
   *
   * @throws FlwrError "invalid-argument" when the bytes are not a .npy file, or not of the dtype and shape that the
   *   array declares
   */
  toTensor(): Tensor {
    const view = this.viewTensor();
    return tensor(view.dtype, view.shape, view.data.slice());
  }

  /**
   * The array as a tensor that may share its bytes: for reading only. Saves {@link toTensor}'s copy.
   *
   * @throws FlwrError as {@link toTensor}
   */
  viewTensor(): Tensor {
    if (this.stype !== NUMPY_STYPE) {
      throw new FlwrError(
        "invalid-argument",
        `Array is serialised as "${this.stype}": expected "${NUMPY_STYPE}"`,
      );
    }
    const view = decodeNpy(this.data);
    if (this.dtype !== "" && this.dtype !== view.dtype) {
      throw new FlwrError(
        "invalid-argument",
        `Array declares dtype "${this.dtype}" but its bytes hold ${view.dtype}`,
      );
    }
    // Without a dtype the sender says nothing of the shape either: an empty one is then no claim of a scalar.
    const silent = this.dtype === "" && this.shape.length === 0;
    if (!silent && !sameShape(this.shape, view.shape)) {
      throw new FlwrError(
        "invalid-argument",
        `Array declares shape [${this.shape}] but its bytes hold [${view.shape}]`,
      );
    }
    return view;
  }
}

/** Whether two shapes have the same axes. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}
