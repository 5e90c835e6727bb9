import assert from "node:assert/strict";
import fc from "fast-check";
import { maxPool } from "../graph/convolution.ts";
import { add, relu } from "../graph/elementwise.ts";
import { assertSameMeaning, real } from "../testing/compare.ts";
import { poolBeforeMonotone } from "./pool_before_monotone.ts";

Deno.test("a pool moves before bias and relu without changing values or gradients", () => {
  fc.assert(fc.property(
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    fc.integer({ min: 2, max: 3 }),
    fc.integer({ min: 1, max: 3 }),
    fc.nat(1),
    fc.nat(),
    ([batch, channels], kernel, stride, padding, seed) => {
      const x = real("x", [batch, channels, 6, 7]);
      const bias = real("bias", [channels, 1, 1]);
      const pooled = maxPool(relu(add(x, bias)), kernel, { stride, padding });
      const rewritten = assertSameMeaning(poolBeforeMonotone, pooled, [x, bias], seed);
      assert.equal(rewritten.primitive, "relu");
      assert.equal(rewritten.inputs[0]!.inputs[0]!.primitive, "maxPool");
    },
  ));
});

Deno.test("a pool stays after values that vary within a plane or are used elsewhere", () => {
  const x = real("x", [2, 3, 4, 4]);
  const plane = maxPool(add(x, real("bias", [4, 4])), 2);
  assert.equal(poolBeforeMonotone([plane])[0], plane);
  const shared = relu(x);
  const both = [maxPool(shared, 2), shared];
  assert.deepEqual(poolBeforeMonotone(both), both);
});
