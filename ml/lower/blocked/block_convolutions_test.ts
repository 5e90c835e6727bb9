import assert from "node:assert/strict";
import fc from "fast-check";
import { avgPool, conv, maxPool } from "../../graph/convolution.ts";
import { add, mul, relu, sub } from "../../graph/elementwise.ts";
import { concat, reshape } from "../../graph/movement.ts";
import { normalize } from "../../graph/normalize.ts";
import { reduceMean } from "../../graph/reduce.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import type { Value } from "../../graph/value.ts";
import { assertSameMeaning, countOf, real } from "../../testing/compare.ts";
import { blockConvolutions } from "./block_convolutions.ts";

/** A block small enough for random networks of a few channels. */
const BLOCK = 2;

const side = fc.integer({ min: 3, max: 5 });

/** The convolutions on blocks in a graph. */
function blockedOf(output: Value): Value[] {
  return topologicalOrder([output]).filter((value) =>
    value.primitive === "conv" && value.attributes.geometry.block === BLOCK
  );
}

function perChannel(name: string, channels: number): Value {
  return reshape(real(name, [channels]), [1, channels, 1, 1]);
}

function normalized(x: Value, name: string): Value {
  const channels = x.shape[1]!;
  const normal = normalize(x, { axes: [0, 2, 3], epsilon: 0.1 });
  return add(
    mul(normal, perChannel(`${name}.scale`, channels)),
    perChannel(`${name}.shift`, channels),
  );
}

/** The float32 inputs of a graph, in which gradients are compared. */
function inputsOf(output: Value): Value[] {
  return topologicalOrder([output]).filter(({ primitive }) => primitive === "input");
}

Deno.test("a residual block stays in blocks from its first convolution to its mean", () => {
  fc.assert(
    fc.property(side, side, fc.integer({ min: 1, max: 2 }), fc.nat(), (h, w, stride, seed) => {
      const x = real("x", [2, 1, h, w]);
      const first = relu(normalized(conv(x, real("w1", [4, 1, 3, 3]), { padding: 1 }), "n1"));
      const second = normalized(
        conv(first, real("w2", [4, 4, 3, 3]), { padding: 1, stride }),
        "n2",
      );
      const around = conv(first, real("w3", [4, 4, 1, 1]), { stride });
      const output = reduceMean(relu(add(second, around)), { axes: [2, 3] });
      const rewritten = assertSameMeaning(blockConvolutions(BLOCK), output, inputsOf(output), seed);
      assert.equal(blockedOf(rewritten).length, 3);
      // The input has fewer channels than a block, so no image is reordered.
      assert.equal(countOf([rewritten], "transpose"), 0);
    }),
    { numRuns: 10 },
  );
});

Deno.test("depthwise convolutions and joined channels stay in blocks", () => {
  fc.assert(
    fc.property(side, side, fc.nat(), (h, w, seed) => {
      const x = real("x", [2, 4, h, w]);
      const a = conv(x, real("w1", [4, 1, 3, 3]), { groups: 4, padding: 1 });
      const b = conv(a, real("w2", [2, 4, 1, 1]));
      const output = mul(concat([a, sub(b, perChannel("c", 2))], 1), 0.5);
      const rewritten = assertSameMeaning(blockConvolutions(BLOCK), output, inputsOf(output), seed);
      assert.equal(blockedOf(rewritten).length, 2);
      // One transpose into blocks, and one back at the end.
      assert.equal(countOf([rewritten], "transpose"), 2);
    }),
    { numRuns: 10 },
  );
});

Deno.test("pools and operands that are not per channel get images out of blocks", () => {
  fc.assert(
    fc.property(side, fc.nat(), (h, seed) => {
      const x = real("x", [1, 2, h, 4]);
      const y = conv(x, real("w1", [2, 2, 2, 2]), { padding: 1 });
      const output = add(
        add(maxPool(y, 2, { stride: 1 }), avgPool(y, 2, { stride: 1 })),
        real("row", [4]),
      );
      assertSameMeaning(blockConvolutions(BLOCK), output, inputsOf(output), seed);
    }),
    { numRuns: 10 },
  );
});

Deno.test("a convolution whose channels do not fill whole blocks stays", () => {
  const x = real("x", [1, 4, 5, 5]);
  const odd = [
    conv(x, real("w", [3, 4, 3, 3])),
    conv(real("y", [1, 3, 5, 5]), real("w", [4, 3, 3, 3])),
    conv(x, real("w", [4, 2, 3, 3]), { groups: 2 }),
    conv(x, real("w", [4, 4, 3, 3]), { dilation: 2 }),
    // Kernels of one element: reordering images only for them does not pay.
    conv(x, real("w", [4, 4, 1, 1])),
  ];
  for (const value of odd) assert.equal(blockConvolutions(BLOCK)([value])[0], value);
});
