import { FlwrError } from "../../base/error.ts";
import type { DType } from "../../tensor/dtype.ts";
import { elementCount, tensor } from "../../tensor/tensor.ts";
import { cast, div, fill, mul, sub } from "../graph/elementwise.ts";
import { reshape } from "../graph/movement.ts";
import { constant, type Value } from "../graph/value.ts";
import { augment, type Augmentation, checkAugmentation, type Draw } from "./augment.ts";

/**
 * Normalisation as torchvision does it: (x / divisor − mean) / deviation, with one number for all or one per channel
 * (the first axis of an example).
 */
export interface Normalization {
  /** What raw numbers are divided by first (default 255 for uint8, else 1). */
  readonly divisor?: number;
  /** What is taken off, after the division. */
  readonly mean: number | readonly number[];
  /** What the rest is divided by. */
  readonly deviation: number | readonly number[];
}

/** What one example looks like. */
export interface InputSpec {
  /** Shape of one example, without the batch: [3, 32, 32]. */
  readonly shape: readonly number[];
  /**
   * Dtype of the data (default uint8). Integer tokens stay integers; everything else becomes float32, batch by batch:
   * float16 takes half the room.
   */
  readonly dtype?: DType;
  /** How raw numbers become what the network gets (default: as they are, as float32). */
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
 * Raw rows [batch, features] as the network gets them: [batch, …shape], float32 and normalised, or integers.
 *
 * @param draw random numbers for augmentation, in training
 * @throws FlwrError "invalid-argument" when examples are not what normalisation or augmentation needs
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
  // (x / s − m) / d = (x − s·m) / (s·d): one subtraction of whole numbers, mostly exact, and one multiplication.
  const divisor = normalize.divisor ?? (raw.dtype === "uint8" ? 255 : 1);
  const centred = sub(cast(shaped, "float32"), perChannel(spec, normalize.mean, divisor));
  if (typeof normalize.deviation === "number") {
    return mul(centred, 1 / (divisor * normalize.deviation));
  }
  return div(centred, perChannel(spec, normalize.deviation, divisor));
}

/** Numbers that one example has. */
export function featureCount(spec: InputSpec): number {
  return elementCount(spec.shape);
}
