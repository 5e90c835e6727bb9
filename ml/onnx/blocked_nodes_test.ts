import assert from "node:assert/strict";
import type { Attributes } from "./attribute.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { modelBytes } from "./model.ts";
import { BLOCKED_OPERATORS } from "./operators.ts";
import { requireSelfContained } from "./self_contained.ts";

type Blocked = typeof BLOCKED_OPERATORS[number];

const [CONV, MEAN, MAXIMA, INTO, OUT_OF] = BLOCKED_OPERATORS;

/**
 * A loop whose body has one operator on blocks, with inputs of the given shapes; the shape of an `undefined` input is
 * known only at run time.
 */
function model(
  op: Blocked,
  shapes: readonly (readonly number[] | undefined)[],
  attributes: Attributes = {},
): Uint8Array<ArrayBuffer> {
  const outer = new GraphBuilder();
  const body = outer.body(shapes.map((_, i) => `in${i}`));
  const inputs = shapes.map((shape, i) =>
    shape === undefined ? `in${i}` : body.node("Reshape", [`in${i}`, outer.ints(shape)])
  );
  const result = body.node(op, inputs, attributes);
  const graph = body.build("body", [], [{ name: result, dtype: "float32", shape: [] }]);
  outer.named("Scan", ["in0"], ["y"], { body: { graph }, num_scan_inputs: { int: 0 } });
  return modelBytes(outer.build("g", [], [{ name: "y", dtype: "float32", shape: [] }]));
}

const images = [1, 32, 4, 4];

const TAKEN: Readonly<Record<string, Uint8Array>> = {
  "a convolution": model(CONV, [images, [16, 32, 3, 3], [16]], {
    strides: { ints: [2, 2] },
    pads: { ints: [0, 1, 0, 1] },
    activation: { string: "Relu" },
  }),
  "a depthwise convolution": model(CONV, [images, [32, 1, 3, 3]], { group: { int: 32 } }),
  "a mean of planes": model(MEAN, [undefined]),
  "maxima of windows": model(MAXIMA, [undefined], {
    kernel_shape: { ints: [3, 2] },
    strides: { ints: [2, 1] },
    pads: { ints: [1, 0, 1, 0] },
  }),
  "images into blocks": model(INTO, [undefined]),
  "images out of blocks": model(OUT_OF, [images], { channels: { int: 32 } }),
};

const REFUSED: Readonly<Record<string, Uint8Array>> = {
  "kernels of a shape that is known only at run time": model(CONV, [images, undefined]),
  "kernels whose last length is known only at run time": model(CONV, [images, [16, 32, 3, -1]]),
  "kernels of half a block": model(CONV, [images, [8, 32, 3, 3]]),
  "a bias for other filters": model(CONV, [images, [16, 32, 3, 3], [15]]),
  "groups of several filters": model(CONV, [images, [64, 1, 3, 3]], { group: { int: 32 } }),
  "groups of several channels": model(CONV, [images, [32, 2, 3, 3]], { group: { int: 16 } }),
  "negative padding": model(CONV, [images, [16, 32, 3, 3]], { pads: { ints: [0, -1, 0, 0] } }),
  "no stride": model(CONV, [images, [16, 32, 3, 3]], { strides: { ints: [0, 1] } }),
  "another activation": model(CONV, [images, [16, 32, 3, 3]], { activation: { string: "Clip" } }),
  "maxima with negative padding": model(MAXIMA, [images], {
    kernel_shape: { ints: [2, 2] },
    pads: { ints: [0, -1, 0, 0] },
  }),
  "maxima of an empty window": model(MAXIMA, [images], { kernel_shape: { ints: [0, 2] } }),
  "maxima without a stride": model(MAXIMA, [images], {
    kernel_shape: { ints: [2, 2] },
    strides: { ints: [0, 1] },
  }),
  "maxima with an attribute that is not used": model(MAXIMA, [images], {
    kernel_shape: { ints: [2, 2] },
    dilations: { ints: [1, 1] },
  }),
  "an attribute that is not used": model(CONV, [images, [16, 32, 3, 3]], {
    auto_pad: { string: "VALID" },
  }),
  "more channels than the input has": model(OUT_OF, [images], { channels: { int: 48 } }),
  "channels out of images of any shape": model(OUT_OF, [undefined], { channels: { int: 32 } }),
};

for (const [what, bytes] of Object.entries(TAKEN)) {
  Deno.test(`on blocks, ${what} may be run`, () => {
    assert.deepEqual(requireSelfContained(bytes), bytes);
  });
}

for (const [what, bytes] of Object.entries(REFUSED)) {
  Deno.test(`on blocks, refused: ${what}`, () => {
    assert.throws(
      () => requireSelfContained(bytes),
      /on lengths that are known only at run time|with an invalid length/,
    );
  });
}

Deno.test("on blocks, a name that is defined twice has no known shape", () => {
  const builder = new GraphBuilder();
  const kernels = builder.node("Reshape", ["in1", builder.ints([16, 16, 1, 1])]);
  builder.named("Identity", ["in2"], [kernels], {});
  builder.node(CONV, ["in0", kernels]);
  const bytes = modelBytes(builder.build("g", [], []));
  assert.throws(
    () => requireSelfContained(bytes),
    /on lengths that are known only at run time|with an invalid length/,
  );
});
