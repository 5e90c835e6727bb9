import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { input } from "../graph/value.ts";
import { conv1d, conv2d, depthwiseConv2d } from "./convolution.ts";
import { dense } from "./dense.ts";
import type { Layer } from "./layer.ts";
import { avgPool2d, maxPool2d } from "./pooling.ts";
import { sequential } from "./sequential.ts";
import { trace } from "./trace.ts";

/** Constructors of the layers with lengths, called with options as plain JavaScript may pass them. */
const MAKERS: Readonly<Record<string, (options: Record<string, unknown>) => Layer>> = {
  conv1d: (options) => conv1d({ out: 4, kernel: 3, ...options }),
  conv2d: (options) => conv2d({ out: 4, kernel: 3, ...options }),
  depthwiseConv2d: (options) => depthwiseConv2d({ kernel: 3, ...options }),
  maxPool2d: ({ kernel = 2, ...options }) => maxPool2d(kernel as number, options),
  avgPool2d: ({ kernel = 2, ...options }) => avgPool2d(kernel as number, options),
  dense: (options) => dense({ out: 4, ...options }),
};
const CONVOLUTION = ["in", "out", "kernel", "stride", "padding", "dilation", "groups"];
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  conv1d: CONVOLUTION,
  conv2d: CONVOLUTION,
  depthwiseConv2d: ["in", "multiplier", "kernel", "stride", "padding", "dilation"],
  maxPool2d: ["kernel", "stride", "padding"],
  avgPool2d: ["kernel", "stride", "padding"],
  dense: ["in", "out"],
};

const refusal = (make: () => unknown): FlwrError => {
  try {
    make();
  } catch (error) {
    assert(error instanceof FlwrError && error.code === "invalid-argument", String(error));
    return error;
  }
  assert.fail("not refused");
};

Deno.test("layers: an option that is not a length is refused by name when the layer is created", () => {
  for (const [kind, options] of Object.entries(OPTIONS)) {
    for (const option of options) {
      for (const value of [-1, 0.5, NaN, "3", "same", [2], [1, 2, 3], {}, null]) {
        const { message } = refusal(() => MAKERS[kind]!({ [option]: value }));
        assert.match(message, new RegExp(`^Option ${option} of ${kind} `));
      }
      if (option === "padding") MAKERS[kind]!({ [option]: 0 });
      else refusal(() => MAKERS[kind]!({ [option]: 0 }));
    }
  }
});

Deno.test("layers: an option with another library's name is refused, and the error has ours", () => {
  const names = [
    ["conv1d", "kernelSize", "kernel"],
    ["conv1d", "strides", "stride"],
    ["conv2d", "filters", "out"],
    ["depthwiseConv2d", "depth_multiplier", "multiplier"],
    ["dense", "units", "out"],
    ["maxPool2d", "strides", "stride"],
  ] as const;
  for (const [kind, name, ours] of names) {
    const { message, hints } = refusal(() => MAKERS[kind]!({ [name]: 2 }));
    assert.ok(message.includes(`"${name}"`), message);
    assert.ok(hints[0]!.endsWith(` ${ours}`), hints.join());
  }
  refusal(() => MAKERS.dense!({ outputs: 3 }));
  MAKERS.dense!({ bias: undefined, nothing: undefined });
});

Deno.test("conv1d: a series in another layout, or shorter than the kernel, is refused with a hint", () => {
  const apply = (layer: Layer, ...shape: number[]) =>
    refusal(() => trace(layer, input("x", "float32", [5, ...shape])));
  assert.match(apply(conv1d({ out: 4, kernel: 3 }), 8).hints.join(), /reshape\(\[1, 8\]\)/);
  assert.match(apply(conv1d({ in: 2, out: 4, kernel: 3 }), 8, 2).hints.join(), /\[0, 2, 1\]/);
  assert.match(apply(conv1d({ out: 4, kernel: 3, dilation: 5 }), 2, 8).message, /spans 11 steps/);
  assert.match(apply(conv1d({ out: 4, kernel: 3, groups: 4 }), 2, 8).message, /groups/);
});

Deno.test("sequential: a list of layers, or a function that creates a layer, is refused", () => {
  const list = [dense({ out: 1 })] as unknown as Layer;
  assert.match(refusal(() => sequential(list)).hints.join(), /sequential\(\.\.\.list\)/);
  refusal(() => sequential(dense as unknown as Layer));
});
