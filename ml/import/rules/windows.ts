import { FlwrError } from "../../../base/error.ts";
import { type Pair, reach } from "../../graph/geometry.ts";
import { reshape } from "../../graph/movement.ts";
import { showShape } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";
import type { NodeCall } from "../graph/call.ts";

/** The geometry of windows over the last two axes, from the attributes that convolutions and pools share. */
export interface Windows {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /** Elements added before and after the height and the width. */
  readonly before: Pair;
  readonly after: Pair;
}

/** Signals [batch, channels, length] as images of height 1; `back` restores the shape of a result. */
export function asImage(x: Value): { image: Value; back: (y: Value) => Value } {
  if (x.shape.length === 4) return { image: x, back: (y) => y };
  if (x.shape.length === 3) {
    const [batch, channels, length] = x.shape as [number, number, number];
    return {
      image: reshape(x, [batch, channels, 1, length]),
      back: (y) => reshape(y, [y.shape[0]!, y.shape[1]!, y.shape[3]!]),
    };
  }
  throw new FlwrError(
    "unimplemented",
    `Its input must be [batch, channels, length] or [batch, channels, height, width]: ` +
      `got ${showShape(x.shape)}`,
  );
}

/** An attribute of one number per spatial axis, as a pair. */
function pairOf(call: NodeCall, name: string, axes: number, fallback: number): Pair {
  const given = call.ints(name) ?? [];
  const wrong = given.some((n) => !Number.isSafeInteger(n) || n < 1);
  if ((given.length !== 0 && given.length !== axes) || wrong) {
    call.refuse(name, given, `${axes} positive integers`);
  }
  return axes === 1 ? [1, given[0] ?? fallback] : [given[0] ?? fallback, given[1] ?? fallback];
}

function explicitPads(call: NodeCall, axes: number): { before: Pair; after: Pair } {
  const given = call.ints("pads") ?? new Array<number>(2 * axes).fill(0);
  if (given.length !== 2 * axes || given.some((n) => !Number.isSafeInteger(n) || n < 0)) {
    call.refuse("pads", given, `${2 * axes} integers that are not negative`);
  }
  return axes === 1
    ? { before: [0, given[0]!], after: [0, given[1]!] }
    : { before: [given[0]!, given[1]!], after: [given[2]!, given[3]!] };
}

const both = (f: (axis: 0 | 1) => number): Pair => [f(0), f(1)];

/**
 * Reads the geometry of windows from a node's attributes.
 *
 * @param axes number of the operator's spatial axes: 1 or 2
 * @param kernel size of the windows, if the weights determine it
 */
export function windowsOf(call: NodeCall, input: Pair, axes: number, kernel?: Pair): Windows {
  const size = kernel ?? pairOf(call, "kernel_shape", axes, 1);
  if (kernel === undefined && call.ints("kernel_shape") === undefined) {
    call.refuse("kernel_shape", undefined, "given");
  }
  const stride = pairOf(call, "strides", axes, 1);
  const dilation = pairOf(call, "dilations", axes, 1);
  const mode = call.string("auto_pad", "NOTSET");
  const walk = { kernel: size, stride, dilation };
  if (mode === "NOTSET") return { ...walk, ...explicitPads(call, axes) };
  if (mode === "VALID") return { ...walk, before: [0, 0], after: [0, 0] };
  if (mode !== "SAME_UPPER" && mode !== "SAME_LOWER") {
    call.refuse("auto_pad", mode, "NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
  // The result has ⌈input / stride⌉ elements. The missing input is padded, with the odd element after or before it.
  const window = reach(size, dilation);
  const missing = both((axis) =>
    Math.max(
      0,
      (Math.ceil(input[axis] / stride[axis]) - 1) * stride[axis] + window[axis] - input[axis],
    )
  );
  const less = both((axis) => Math.floor(missing[axis] / 2));
  const more = both((axis) => missing[axis] - less[axis]);
  return mode === "SAME_UPPER"
    ? { ...walk, before: less, after: more }
    : { ...walk, before: more, after: less };
}

/** Whether the padding before and after is the same. */
export function isSymmetric({ before, after }: Windows): boolean {
  return before[0] === after[0] && before[1] === after[1];
}
