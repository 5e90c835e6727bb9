import { FlwrError } from "../../base/error.ts";
import type { DType } from "../../tensor/dtype.ts";
import { elementCount, tensor } from "../../tensor/tensor.ts";
import { cast, div, fill, mul, sub } from "../graph/elementwise.ts";
import { reshape } from "../graph/movement.ts";
import { constant, type Value } from "../graph/value.ts";
import { augment, type Augmentation, checkAugmentation, type Draw } from "./augment.ts";

/**
 * Normalisation as in torchvision: (x / divisor − mean) / deviation, with one number for all or one per channel (the
 * first axis of an example).
 */
export interface Normalization {
  /** Divisor of the raw numbers (default 255 for uint8, else 1). */
  readonly divisor?: number;
  /** Subtracted after the division. */
  readonly mean: number | readonly number[];
  /** Divisor after the subtraction. */
  readonly deviation: number | readonly number[];
}

/** The form of one example of an input. */
export interface InputSpec {
  /** Shape of one example, without the batch: [3, 32, 32]. */
  readonly shape: readonly number[];
  /**
   * Dtype of the data (default uint8). Integer tokens stay integers. All other data are converted to float32 batch by
   * batch, so float16 data need half the memory.
   */
  readonly dtype?: DType;
  /** Conversion of raw numbers for the network (default: only the conversion to float32). */
  readonly normalize?: Normalization;
  /** Random changes of images in training (default: none). */
  readonly augment?: Augmentation;
}

/** The dtype of the data. */
export function inputType(spec: InputSpec): DType {
  return spec.dtype ?? "uint8";
}

function perChannel(spec: InputSpec, numbers: number | readonly number[], scale: number): Value {
  if (typeof numbers === "number") return fill(numbers * scale, "float32");
  const channels = spec.shape[0];
  if (numbers.length !== channels) {
    throw new FlwrError(
      "invalid-argument",
      `Normalisation needs one number or one per channel: got ${numbers.length} for ${channels}`,
    );
  }
  const shape = spec.shape.map((length, axis) => axis === 0 ? length : 1);
  return constant(tensor("float32", shape, Float32Array.from(numbers, (n) => n * scale)));
}

/**
 * Raw rows [batch, features] in the form that the network gets: [batch, …shape], float32 and normalised, or integers.
 *
 * @param draw random numbers for augmentation, in training
 * @throws FlwrError "invalid-argument" when examples do not fit normalisation or augmentation
 */
export function prepareInput(rows: Value, spec: InputSpec, draw?: Draw): Value {
  const raw = reshape(rows, [rows.shape[0]!, ...spec.shape]);
  const { normalize, augment: changes } = spec;
  if (changes !== undefined) checkAugmentation(changes, spec.shape);
  const shaped = changes === undefined || draw === undefined
    ? raw
    : augment(cast(raw, "float32"), changes, draw);
  if (normalize === undefined) {
    const isToken = shaped.dtype === "int32" || shaped.dtype === "int64";
    return isToken ? shaped : cast(shaped, "float32");
  }
  // (x / s − m) / d = (x − s·m) / (s·d): one subtraction, mostly of integers and thus exact, and one multiplication.
  const divisor = normalize.divisor ?? (raw.dtype === "uint8" ? 255 : 1);
  const centred = sub(cast(shaped, "float32"), perChannel(spec, normalize.mean, divisor));
  if (typeof normalize.deviation === "number") {
    return mul(centred, 1 / (divisor * normalize.deviation));
  }
  return div(centred, perChannel(spec, normalize.deviation, divisor));
}

/** Number of elements of one example. */
export function featureCount(spec: InputSpec): number {
  return elementCount(spec.shape);
}
