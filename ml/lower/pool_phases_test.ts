import assert from "node:assert/strict";
import fc from "fast-check";
import { conv, maxPool } from "../graph/convolution.ts";
import { assertSameMeaning, countOf, real } from "../testing/compare.ts";
import { MIN_INNERMOST_BATCH, poolPhases } from "./pool_phases.ts";

const geometry = fc.record({
  batch: fc.integer({ min: MIN_INNERMOST_BATCH, max: MIN_INNERMOST_BATCH + 2 }),
  channels: fc.integer({ min: 1, max: 2 }),
  filters: fc.integer({ min: 1, max: 2 }),
  kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  stride: fc.integer({ min: 1, max: 2 }),
  padding: fc.nat(1),
  dilation: fc.integer({ min: 1, max: 2 }),
  pool: fc.integer({ min: 1, max: 3 }),
  poolStride: fc.integer({ min: 1, max: 3 }),
});

Deno.test("convolution and pool as one product: any kernel, stride, padding, dilation", () => {
  let fired = 0;
  fc.assert(
    fc.property(geometry, fc.nat(), (g, seed) => {
      const x = real("x", [g.batch, g.channels, 12, 11]);
      const w = real("w", [g.filters, g.channels, ...g.kernel]);
      const pooled = maxPool(conv(x, w, g), Math.min(g.pool, 2), { stride: g.poolStride });
      const rewritten = assertSameMeaning(poolPhases, pooled, [x, w], seed);
      if (rewritten !== pooled) {
        assert.equal(countOf([rewritten], "conv"), 0);
        fired++;
      }
    }),
    { numRuns: 40 },
  );
  assert.ok(fired >= 5, `fired ${fired} times`);
});

Deno.test("a convolution stays where phases do not pay or do not fit", () => {
  const batch = MIN_INNERMOST_BATCH;
  const w = real("w", [2, 2, 5, 5]);
  const unchanged = (pooled: ReturnType<typeof maxPool>) =>
    assert.equal(poolPhases([pooled])[0], pooled);
  const x = real("x", [batch, 2, 12, 12]);
  unchanged(maxPool(conv(x, real("w", [2, 2, 1, 1])), 2)); // Four times the arithmetic.
  unchanged(maxPool(conv(x, w), 2, { padding: 1 }));
  unchanged(maxPool(conv(real("x", [1, 2, 12, 12]), w), 2));
  unchanged(maxPool(conv(x, real("w", [2, 1, 5, 5]), { groups: 2 }), 2));
});
