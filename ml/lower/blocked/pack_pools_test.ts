import assert from "node:assert/strict";
import fc from "fast-check";
import { conv, maxPool } from "../../graph/convolution.ts";
import { add, mul, relu } from "../../graph/elementwise.ts";
import { reshape } from "../../graph/movement.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import type { Node, Value } from "../../graph/value.ts";
import { assertClose, randomInputs, real } from "../../testing/compare.ts";
import { interpret } from "../../testing/interpreter.ts";
import { canPackPools, packPools } from "./pack_pools.ts";

const BLOCK = 4;

const geometry = fc.record({
  channels: fc.constantFrom(1, 2, 3, 4, 8),
  filters: fc.constantFrom(5, 6, 7, 8, 12, 16, 20, 24),
  kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  stride: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
  padding: fc.nat(1),
  pool: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })),
  poolStride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  poolPadding: fc.nat(1),
});

function blockedOf(output: Value): Value[] {
  return topologicalOrder([output]).filter((value) =>
    value.primitive === "conv" && value.attributes.geometry.block === BLOCK
  );
}

/** Asserts that packing changes no number, and returns the packed value. Packed graphs have no gradients to compare. */
function assertSameNumbers(output: Value, seed: number): Value {
  const [rewritten] = packPools(BLOCK)([output]);
  const numbers = randomInputs([output], seed);
  const [expected] = interpret([output], numbers);
  const [got] = interpret([rewritten!], numbers);
  assertClose(got!, expected!, 1e-9, "result");
  return rewritten!;
}

Deno.test("convolutions under pools on blocks: any kernel, stride, padding, bias, relu", () => {
  let fired = 0;
  fc.assert(
    fc.property(geometry, fc.nat(7), fc.nat(), (g, flags, seed) => {
      const x = real("x", [2, g.channels, 12, 11]);
      const w = real("w", [g.filters, g.channels, ...g.kernel]);
      const bias = real("bias", [g.filters]);
      let y = conv((flags & 1) > 0 ? mul(x, 0.5) : x, w, g);
      if ((flags & 2) > 0) y = add(y, reshape(bias, [1, g.filters, 1, 1]));
      if ((flags & 4) > 0) y = relu(y);
      const padding = g.pool.some((side) => side < 2) ? 0 : g.poolPadding;
      const pooled = maxPool(y, g.pool, { stride: g.poolStride, padding });
      const rewritten = assertSameNumbers(pooled, seed);
      assert.equal(canPackPools([pooled], BLOCK), rewritten !== pooled);
      if (rewritten === pooled) return;
      fired++;
      assert.equal(blockedOf(rewritten).length, 1);
    }),
    { numRuns: 25 },
  );
  assert.ok(fired >= 5, `fired ${fired} times`);
});

Deno.test("each column of a pool's window has filters of its own where that wastes less", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 5 }), fc.nat(1), fc.nat(), (side, more, seed) => {
      const x = real("x", [2, 3, 12, 11]);
      const pooled = maxPool(conv(x, real("w", [6 + more, 3, side, side]), { padding: more }), 2);
      const rewritten = assertSameNumbers(pooled, seed);
      assert.equal(rewritten.primitive, "maximum");
      const [blocked] = blockedOf(rewritten) as [Node<"conv">];
      const { kernel, stride } = blocked.attributes.geometry;
      assert.deepEqual([kernel, stride], [[side, side + 1], [1, 2]]);
    }),
    { numRuns: 10 },
  );
});

Deno.test("a pool stays as it is where packing does not pay or does not fit", () => {
  const x = real("x", [2, 2, 12, 12]);
  const unchanged = (pooled: Value) => assert.equal(packPools(BLOCK)([pooled])[0], pooled);
  unchanged(maxPool(conv(x, real("w", [2, 2, 3, 3])), 2)); // Too few filters.
  unchanged(maxPool(conv(x, real("w", [16, 1, 3, 3]), { groups: 2 }), 2));
  unchanged(maxPool(conv(x, real("w", [16, 2, 3, 3]), { dilation: 2 }), 2));
  unchanged(maxPool(conv(real("y", [2, 5, 12, 12]), real("w", [16, 5, 3, 3])), 2)); // Not a whole block of channels.
  const shared = conv(x, real("w", [16, 2, 3, 3]));
  const outputs = [maxPool(shared, 2), shared];
  assert.deepEqual(packPools(BLOCK)(outputs), outputs);
});
