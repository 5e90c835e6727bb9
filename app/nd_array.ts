import { FlwrError } from "../base/error.ts";
import { decodeNpy, encodeNpy, npyOf } from "../tensor/npy.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { KIND } from "./brand.ts";

/** The only serialisation that Flower defines for an array's bytes: a complete .npy file. */
export const NUMPY_STYPE = "numpy.ndarray";

/** The fields of Flower's `Array`, as they are sent. */
export interface NdArrayFields {
  /** Element type by numpy's name; empty if the sender does not set it (Flower's older clients). */
  readonly dtype: string;
  /** Lengths of the axes; empty for a scalar, or if the sender does not set them. */
  readonly shape: readonly number[];
  /** Format of `data`; in Flower "numpy.ndarray". */
  readonly stype: string;
  /** The serialised array. */
  readonly data: Uint8Array;
}

/**
 * One named array of a model: Flower's `Array`. It keeps the received bytes, so an array that is only forwarded is
 * neither decoded nor changed. Do not change `data`: records share it.
 */
export class NdArray implements NdArrayFields {
  /** The class of the object, which other copies of this module recognise. */
  readonly [KIND] = "NdArray";
  /** Element type as numpy names it: `float32`. */
  readonly dtype: string;
  /** Lengths of the axes. */
  readonly shape: readonly number[];
  /** Format of `data`: `numpy.ndarray` for .npy. */
  readonly stype: string;
  /** The serialised array. */
  readonly data: Uint8Array;

  /** Creates an array from its fields; {@link NdArray.fromTensor} creates one from numbers. */
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
   * Decodes the array into a tensor, which is a copy.
   *
   * @throws FlwrError "invalid-argument" when the bytes are not a .npy file, or do not have the dtype and shape that
   * the array declares
   */
  toTensor(): Tensor {
    const view = this.viewTensor();
    return tensor(view.dtype, view.shape, view.data.slice());
  }

  /**
   * Decodes the array into a tensor that may share its bytes: do not change it. It saves {@link toTensor}'s copy.
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
        `Array declares dtype "${this.dtype}" but its bytes have ${view.dtype}`,
      );
    }
    // Without a dtype, the sender has not set the shape either: an empty shape then does not mean a scalar.
    const silent = this.dtype === "" && this.shape.length === 0;
    if (!silent && !sameShape(this.shape, view.shape)) {
      throw new FlwrError(
        "invalid-argument",
        `Array declares shape [${this.shape}] but its bytes have [${view.shape}]`,
      );
    }
    return view;
  }
}

/**
 * Serialises a tensor that nobody changes any more. If its elements lie in a .npy file already, as those of an aggregate
 * do, they are not copied.
 */
export function adoptTensor(tensor: Tensor): NdArray {
  const { dtype, shape } = tensor;
  const data = npyOf(tensor);
  return data === undefined
    ? NdArray.fromTensor(tensor)
    : new NdArray({ dtype, shape, stype: NUMPY_STYPE, data });
}

/** Whether two shapes have the same axes. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}
