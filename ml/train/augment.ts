import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { add, cast, equal, less, minimum, mul, sub } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { reshape } from "../graph/movement.ts";
import { showShape } from "../graph/shape.ts";
import { constant, type Value } from "../graph/value.ts";

/**
 * Random changes of images [channels, height, width], applied before normalisation. They are drawn for each image in
 * each epoch of training from the fit's seed. Evaluation and prediction use the unchanged images. Targets do not
 * change: training refuses targets with the images' height and width, such as masks.
 */
export interface Augmentation {
  /** Whether to mirror half of the images left to right, like torchvision's RandomHorizontalFlip (default false). */
  readonly horizontalFlip?: boolean;
  /**
   * Largest shift of images in each direction, in pixels; uncovered pixels become 0. Like torchvision's RandomCrop with
   * the images' own size and this padding (default 0).
   */
  readonly crop?: number;
}

/** Draws random numbers from [0, 1), float32 of the given shape. */
export type Draw = (shape: readonly number[]) => Value;

/**
 * Checks that augmentation can be applied to examples.
 *
 * @throws FlwrError "invalid-argument" when examples are not images, or the crop would leave nothing of them
 */
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
 * Checks that a target does not have the form of the images, such as a mask: the changed images would no longer match
 * it.
 *
 * @param image shape of one image [channels, height, width]
 * @param target shape of one example's target
 * @param what name of the targets, for messages
 * @throws FlwrError "invalid-argument" when the target has the image's height and width as neighbouring axes
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

/** Uniform integers from −most to most, [batch, 1, 1]. */
function shift(draw: Draw, batch: number, most: number): Value {
  const choice = mul(draw([batch, 1, 1]), 2 * most + 1);
  const whole = cast(cast(choice, "int32"), "float32");
  // A number just below 1 could be rounded up in the multiplication.
  return sub(minimum(whole, 2 * most), most);
}

/**
 * Applies random changes to images.
 *
 * Both changes are matrix products. Row i of the result is row i + dy of the original, selected by a matrix with a
 * single 1 in each row; columns likewise. Where the original has no such row, the matrix's row is zero and so are the
 * pixels.
 *
 * @param x float32 [batch, channels, height, width]
 * @returns float32 of the same shape
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
