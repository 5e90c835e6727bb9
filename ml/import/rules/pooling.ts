import { MAX_CONSTANT_ELEMENTS } from "./shapes.ts";
import { FlwrError } from "../../../base/error.ts";
import { elementCount, tensor } from "../../../tensor/tensor.ts";
import { avgPool, maxPool } from "../../graph/convolution.ts";
import { cast, maximum, mul, where } from "../../graph/elementwise.ts";
import { outputSize, type Pair, reach } from "../../graph/geometry.ts";
import { pad } from "../../graph/movement.ts";
import { reduceMax, reduceMean } from "../../graph/reduce.ts";
import { constant, type Node, type Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";
import { gatherAlong } from "./indexing.ts";
import { asImage, isSymmetric, type Windows, windowsOf } from "./windows.ts";

/** With ceil_mode, keeps windows that extend beyond the end if they begin inside. */
function ceiled(windows: Windows, input: Pair): { windows: Windows; extra: Pair } {
  const { kernel, stride, dilation, before, after } = windows;
  const window = reach(kernel, dilation);
  const along = (axis: 0 | 1) => {
    const whole = input[axis] + before[axis] + after[axis] - window[axis];
    const rest = whole % stride[axis];
    if (whole < 0 || rest === 0) return 0;
    const begins = whole - rest + stride[axis];
    return begins < input[axis] + before[axis] ? stride[axis] - rest : 0;
  };
  const extra: Pair = [along(0), along(1)];
  return {
    windows: { ...windows, after: [after[0] + extra[0], after[1] + extra[1]] },
    extra,
  };
}

/** A constant over the padded image, given a function of whether a position is inside the image. */
function frame(
  { before, after }: Windows,
  input: Pair,
  at: (inside: boolean, row: number, column: number) => number,
): Node<"constant"> {
  const height = before[0] + input[0] + after[0];
  const width = before[1] + input[1] + after[1];
  if (!(height * width <= MAX_CONSTANT_ELEMENTS)) {
    throw new FlwrError(
      "resource-exhausted",
      `Its padded input is too large: ${height} × ${width}`,
    );
  }
  const data = Float32Array.from({ length: height * width }, (_, i) => {
    const row = Math.floor(i / width) - before[0];
    const column = i % width - before[1];
    const inside = row >= 0 && row < input[0] && column >= 0 && column < input[1];
    return at(inside, row, column);
  });
  return constant(tensor("float32", [1, 1, height, width], data)) as Node<"constant">;
}

interface Pool {
  readonly image: Value;
  readonly input: Pair;
  readonly windows: Windows;
  /** Elements appended by ceil_mode, which a mean never counts. */
  readonly extra: Pair;
  back(y: Value): Value;
}

function poolOf(call: NodeCall): Pool {
  const x = call.value(0);
  const { image, back } = asImage(x);
  const input: Pair = [image.shape[2]!, image.shape[3]!];
  const plain = windowsOf(call, input, x.shape.length - 2);
  const { windows, extra } = call.int("ceil_mode", 0) === 0
    ? { windows: plain, extra: [0, 0] as const }
    : ceiled(plain, input);
  return { image, input, windows, extra, back };
}

/**
 * Whether the pools' primitives can apply the padding themselves: the same on both sides, and at most half the window.
 */
function isPlain(windows: Windows): boolean {
  return isSymmetric(windows) && windows.before.every((n, axis) => 2 * n <= windows.kernel[axis]!);
}

function padded({ image, windows: { before, after } }: Pool): Value {
  return pad(image, [0, 0, ...before], [0, 0, ...after]);
}

const isDilated = ({ dilation }: Windows) => dilation.some((n) => n !== 1);

/** Most elements of a dilated window: each of them becomes an array. */
const MAX_DILATED_ELEMENTS = 64;

/**
 * The maximum over dilated windows of an image that is already padded, as a maximum of one array per element of the
 * window.
 */
function dilatedMaximum(image: Value, { kernel, stride, dilation }: Windows): Value {
  if (elementCount(kernel) > MAX_DILATED_ELEMENTS) {
    throw new FlwrError("resource-exhausted", `Its dilated windows are too large: [${kernel}]`);
  }
  const input: Pair = [image.shape[2]!, image.shape[3]!];
  const size = outputSize({ input, kernel, stride, dilation, padding: [0, 0] });
  const every = (x: Value, axis: 0 | 1, offset: number) => {
    const rows = BigInt64Array.from(
      { length: size[axis] },
      (_, i) => BigInt(offset * dilation[axis] + i * stride[axis]),
    );
    return gatherAlong(x, constant(tensor("int64", [rows.length], rows)), axis + 2);
  };
  const offsets = (axis: 0 | 1) => Array.from({ length: kernel[axis] }, (_, i) => i);
  const rows = offsets(0).map((i) => every(image, 0, i)).reduce((a, b) => maximum(a, b));
  return offsets(1).map((j) => every(rows, 1, j)).reduce((a, b) => maximum(a, b));
}

function maximumOf(call: NodeCall): Value {
  const pool = poolOf(call);
  const { kernel, stride, before } = pool.windows;
  const dilated = isDilated(pool.windows);
  if (isPlain(pool.windows) && !dilated) {
    return pool.back(maxPool(pool.image, kernel, { stride, padding: before }));
  }
  const inside = cast(frame(pool.windows, pool.input, Number), "bool");
  const image = where(inside, padded(pool), -Infinity);
  return pool.back(
    dilated ? dilatedMaximum(image, pool.windows) : maxPool(image, kernel, { stride }),
  );
}

/** Factors that turn the mean over a full window into the mean over the elements that count. */
function corrections({ windows: { kernel, stride } }: Pool, counted: Node<"constant">): Value {
  const size = outputSize({
    input: [counted.shape[2]!, counted.shape[3]!],
    kernel,
    stride,
    padding: [0, 0],
  });
  // Counting visits each element of each window, which must not take longer than making the frame.
  if (elementCount([...size, ...kernel]) > MAX_CONSTANT_ELEMENTS) {
    throw new FlwrError("resource-exhausted", `Its windows are too large: [${kernel}]`);
  }
  const width = counted.shape[3]!;
  const marks = counted.attributes.tensor.data as Float32Array;
  const data = Float32Array.from({ length: size[0] * size[1] }, (_, i) => {
    const [top, left] = [Math.floor(i / size[1]) * stride[0], i % size[1] * stride[1]];
    let count = 0;
    for (let row = top; row < top + kernel[0]; row++) {
      for (let column = left; column < left + kernel[1]; column++) {
        count += marks[row * width + column]!;
      }
    }
    return kernel[0] * kernel[1] / count;
  });
  return constant(tensor("float32", [1, 1, ...size], data));
}

function meanOf(call: NodeCall): Value {
  const pool = poolOf(call);
  if (isDilated(pool.windows)) call.refuse("dilations", pool.windows.dilation, "1");
  const { windows, extra, input } = pool;
  const { kernel, stride, before, after } = windows;
  const countsPadding = call.int("count_include_pad", 0) !== 0;
  const isPadded = elementCount(pool.image.shape) !== elementCount(padded(pool).shape);
  if (!isPadded || (countsPadding && isPlain(windows) && extra[0] + extra[1] === 0)) {
    return pool.back(avgPool(pool.image, kernel, { stride, padding: isPadded ? before : 0 }));
  }
  const counted = frame(
    windows,
    input,
    (inside, row, column) =>
      Number(
        inside ||
          (countsPadding && row < input[0] + after[0] - extra[0] &&
            column < input[1] + after[1] - extra[1]),
      ),
  );
  const mean = avgPool(padded(pool), kernel, { stride });
  return pool.back(mul(mean, corrections(pool, counted)));
}

const overImage = (f: (x: Value, axes: number[]) => Value): Rule => (call) => {
  const x = call.value(0);
  return f(x, x.shape.map((_, axis) => axis).slice(2));
};

/** Rules of pools over windows and over whole images. */
export const poolingRules: Readonly<Record<string, Rule>> = {
  MaxPool: maximumOf,
  AveragePool: meanOf,
  GlobalMaxPool: overImage((x, axes) => reduceMax(x, { axes, keep: true })),
  GlobalAveragePool: overImage((x, axes) => reduceMean(x, { axes, keep: true })),
};
