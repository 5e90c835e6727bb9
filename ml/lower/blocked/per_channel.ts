import { elementCount } from "../../../tensor/tensor.ts";
import { sameShape } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";

/** Whether an operand of images in blocks has one number per channel. */
export function isPerBlockedChannel({ shape }: Value, images: Value): boolean {
  const [, blocks, , , block] = images.shape;
  return shape.at(-1) === block && shape.at(-4) === blocks &&
    elementCount(shape) === blocks! * block!;
}

/** Images in blocks, written as other images times one number per channel. */
export interface Scaled {
  readonly images: Value;
  readonly scale: Value;
}

/** The factors of a product of images in blocks with one number per channel. */
export function scaledBy(value: Value): Scaled | undefined {
  const [images, scale] = value.inputs;
  const isScaled = value.primitive === "mul" && value.shape.length === 5 &&
    sameShape(images!.shape, value.shape) && isPerBlockedChannel(scale!, value);
  return isScaled ? { images: images!, scale: scale! } : undefined;
}
