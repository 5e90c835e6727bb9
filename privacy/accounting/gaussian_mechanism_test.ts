import assert from "node:assert/strict";
import { gaussianDelta, gaussianNoise } from "./gaussian_mechanism.ts";
import { PldLedger } from "./pld_ledger.ts";

Deno.test("the Gaussian mechanism: the exact δ of noise is that of its privacy loss distribution", () => {
  for (const [noise, epsilon] of [[0.5, 3], [1, 1], [2, 0.3], [10, 0.1]] as const) {
    const release = { noiseMultiplier: noise, sampling: { method: "none" } } as const;
    const byDistribution = new PldLedger([{ release, count: 1 }]).delta(epsilon);
    const exact = gaussianDelta(noise, epsilon);
    assert.ok(Math.abs(byDistribution / exact - 1) < 1e-3, `${byDistribution}, ${exact}`);
  }
});

Deno.test("the Gaussian mechanism: noise is the least that suffices, below the classic formula's", () => {
  for (const epsilon of [0.01, 0.5, 1, 8, 50]) {
    for (const delta of [0.1, 1e-5, 1e-10]) {
      const noise = gaussianNoise(epsilon, delta);
      assert.ok(gaussianDelta(noise, epsilon) <= delta);
      assert.ok(gaussianDelta(noise * (1 - 1e-6), epsilon) > delta, `${epsilon}, ${delta}`);
      if (epsilon < 1) assert.ok(noise < Math.sqrt(2 * Math.log(1.25 / delta)) / epsilon);
    }
  }
});

Deno.test("the Gaussian mechanism refuses an ε or δ out of range", () => {
  for (const [epsilon, delta] of [[0, 0.1], [Infinity, 0.1], [1, 0], [1, 1], [NaN, 0.1]] as const) {
    assert.throws(() => gaussianNoise(epsilon, delta), { code: "invalid-argument" });
  }
});
