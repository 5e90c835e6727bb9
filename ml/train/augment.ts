import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { add, cast, equal, less, minimum, mul, sub } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { reshape } from "../graph/movement.ts";
import { showShape } from "../graph/shape.ts";
import { constant, type Value } from "../graph/value.ts";

/**
 * Random changes of images [channels, height, width], drawn for each image in each epoch of training from the fit's
 * seed, before normalisation. Evaluation and prediction see the images as they are. Targets are not changed: training
 * refuses those with the images' height and width, such as masks.
 */
export interface Augmentation {
  /** Whether half of the images are mirrored, left to right, as torchvision's RandomHorizontalFlip (default false). */
  readonly horizontalFlip?: boolean;
  /**
   * Images are moved by up to so many pixels in each direction, what comes in being 0: torchvision's RandomCrop of the
   * images' own size with this padding (default 0).
   */
  readonly crop?: number;
}

/** Draws random numbers from [0, 1) of a shape. */
export type Draw = (shape: readonly number[]) => Value;

/** @throws FlwrError "invalid-argument" when examples are no images, or the crop would leave nothing of them */
export function checkAugmentation({ crop = 0 }: Augmentation, shape: readonly number[]): void {
  if (shape.length !== 3) {
    throw new FlwrError(
      "invalid-argument",
      `Augmentation needs images [channels, height, width]: got examples ${showShape(shape)}`,
    );
  }
  if (!Number.isSafeInteger(crop) || crop < 0 || crop >= Math.min(shape[1]!, shape[2]!)) {
    throw new FlwrError(
      "invalid-argument",
      `The padding of random crops must be an integer from 0 to below the size of images ` +
        `${showShape(shape)}: got ${crop}`,
    );
  }
}

/**
 * Checks that no target is in the form of the images, such as a mask: the images alone would be mirrored and moved, and
 * no longer fit their targets.
 *
 * @param image shape of one image [channels, height, width]
 * @param target shape of one example's target
 * @param what what the targets are called, for messages
 * @throws FlwrError "invalid-argument" where the target has the image's height and width as neighbouring axes
 */
export function checkAugmentedTarget(
  { horizontalFlip, crop = 0 }: Augmentation,
  image: readonly number[],
  target: readonly number[],
  what: string,
): void {
  const [, height, width] = image as [number, number, number];
  if ((horizontalFlip !== true && crop === 0) || height * width === 1) return;
  const isImage = target.some((axis, i) => axis === height && target[i + 1] === width);
  if (!isImage) return;
  throw new FlwrError(
    "invalid-argument",
    `Augmentation changes images ${
      showShape(image)
    } and not their ${what}, which have the images' height and width: ` +
      `got ${showShape(["examples", ...target])}`,
    {
      hints: [
        "Leave out augment, and mirror or move images and targets together before training",
      ],
    },
  );
}

/** The numbers 0 … length − 1 along one of three axes. */
function count(length: number, axis: 1 | 2): Value {
  const shape = [1, 1, 1];
  shape[axis] = length;
  return constant(tensor("float32", shape, Float32Array.from({ length }, (_, i) => i)));
}

/** Whole numbers from −most to most [batch, 1, 1], all equally likely. */
function shift(draw: Draw, batch: number, most: number): Value {
  const choice = mul(draw([batch, 1, 1]), 2 * most + 1);
  const whole = cast(cast(choice, "int32"), "float32");
  // A number just below 1 could be rounded up when it is multiplied.
  return sub(minimum(whole, 2 * most), most);
}

/**
 * Images with random changes.
 *
 * Both are matrix products: row i of a picture becomes row i + dy of the original, by a matrix that has one 1 in each row,
 * and columns likewise. Where the original has no such row, the matrix's row is 0, and so is what comes in.
 *
 * @param x float32 [batch, channels, height, width]
 * @returns the same shape
 */
export function augment(x: Value, { horizontalFlip, crop = 0 }: Augmentation, draw: Draw): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  let result = x;
  if (crop > 0) {
    const wanted = add(count(height, 1), shift(draw, batch, crop));
    const rows = cast(equal(count(height, 2), wanted), "float32");
    result = matmul(reshape(rows, [batch, 1, height, height]), result);
  }
  if (crop > 0 || horizontalFlip) {
    let wanted = count(width, 2);
    if (horizontalFlip) {
      const flips = cast(less(draw([batch, 1, 1]), 0.5), "float32");
      // Column j, or width − 1 − j where flips is 1.
      wanted = add(mul(wanted, sub(1, mul(flips, 2))), mul(flips, width - 1));
    }
    if (crop > 0) wanted = add(wanted, shift(draw, batch, crop));
    const columns = cast(equal(count(width, 1), wanted), "float32");
    const lines = reshape(result, [batch, channels * height, width]);
    result = reshape(matmul(lines, columns), x.shape);
  }
  return result;
}
