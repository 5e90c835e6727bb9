/** Bounds for sums of integers with noise, against the exact Rényi divergences of their distributions. */
import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { type IntegerMechanism, type IntegerSum, rdpOfIntegerSum } from "./integer_noise_rdp.ts";
import {
  calibrateIntegerNoise,
  integerNoiseEpsilon,
  type IntegerNoiseOptions,
  planIntegerNoise,
} from "./integer_plan.ts";
import vectors from "../../tests/vectors/dp-accounting-0.6/accounting.json" with { type: "json" };

const invalid = (error: unknown) => error instanceof FlwrError && error.code === "invalid-argument";

/** Probabilities of −half to half. */
function distributionOf(mechanism: IntegerMechanism, deviation: number, half: number): number[] {
  const weights = Array.from({ length: half + 1 }, (_, k) => k).map((k) => {
    if (mechanism === "discrete-gaussian") return Math.exp(-k * k / (2 * deviation ** 2));
    // I_k(s) by its power series.
    const s = deviation ** 2;
    let term = 1;
    for (let i = 1; i <= k; i++) term *= s / 2 / i;
    let sum = term;
    for (let i = 1; i < 200; i++) sum += term *= (s / 2) ** 2 / (i * (i + k));
    return sum;
  });
  const total = 2 * weights.reduce((sum, weight) => sum + weight, 0) - weights[0]!;
  return [...weights.slice(1).toReversed(), ...weights].map((weight) => weight / total);
}

function convolved(a: readonly number[], b: readonly number[]): number[] {
  const sum = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((x, i) => b.forEach((y, j) => sum[i + j]! += x * y));
  return sum;
}

/** The Rényi divergence of a distribution shifted by `shift` from itself. */
function divergence(distribution: readonly number[], shift: number, order: number): number {
  let sum = 0;
  distribution.forEach((p, i) => {
    const q = distribution[i + shift];
    // What lies beyond the ends is far below float64's smallest part of the sum.
    if (q !== undefined && p > 1e-250 && q > 1e-250) {
      sum += Math.exp(order * Math.log(p) + (1 - order) * Math.log(q));
    }
  });
  return Math.log(sum) / (order - 1);
}

for (const mechanism of ["discrete-gaussian", "skellam"] as const) {
  for (
    const [shares, deviation, shift] of [[1, 1, 1], [3, 0.5, 1], [3, 0.8, 2], [5, 1.5, 3], [
      2,
      3,
      1,
    ]] as const
  ) {
    Deno.test(`${mechanism}: the bound of ${shares} shares of ${deviation} holds for a shift of ${shift}, and is close`, () => {
      const share = distributionOf(mechanism, deviation, Math.ceil(12 * deviation + 12));
      let sum = share;
      for (let i = 1; i < shares; i++) sum = convolved(sum, share);
      const orders = [2, 3, 4, 8, 16];
      const bounds = rdpOfIntegerSum(
        { mechanism, shares, deviation, normBound: shift, numbers: 1 },
        orders,
      );
      orders.forEach((order, i) => {
        const exact = divergence(sum, shift, order);
        assert.ok(exact <= bounds[i]! * (1 + 1e-9), `order ${order}: ${exact}, ${bounds[i]}`);
        // With little noise, and Skellam's at high orders, the bounds are wide; elsewhere they are not.
        const isClose = deviation >= 1.5 && (mechanism === "discrete-gaussian" || order <= 4);
        if (isClose) assert.ok(bounds[i]! < 1.35 * exact, `order ${order}: ${exact}`);
      });
    });
  }
}

Deno.test("with a fine grid, ε is that of dp-accounting for Gaussian noise of the same multiplier", () => {
  for (const { noise_multiplier, steps, delta, ...row } of vectors.epsilon) {
    if (row.sampling_rate !== 1) continue;
    for (const mechanism of ["discrete-gaussian", "skellam"] as const) {
      const plan = planIntegerNoise({
        mechanism,
        clippingNorm: 1,
        noiseMultiplier: noise_multiplier,
        numbers: 1,
        nodes: 20,
        ringBits: 64,
      });
      const { epsilon } = integerNoiseEpsilon(plan, steps, delta);
      // Between whole orders Skellam's bound is an interpolation.
      const tolerance = mechanism === "skellam" ? 0.04 : 1e-6;
      assert.ok(epsilon >= row.rdp_epsilon * (1 - 1e-9), `${epsilon}, ${row.rdp_epsilon}`);
      assert.ok(epsilon <= row.rdp_epsilon * (1 + tolerance), `${epsilon}, ${row.rdp_epsilon}`);
    }
  }
});

Deno.test("τ of three shares of 0.5 is that computed by hand, and widens the bound by τ · d", () => {
  // 10 · (exp(−2π²/4 · 1/2) + exp(−2π²/4 · 2/3)) = 10 · (0.08480497 + 0.03725876).
  const sum: IntegerSum = {
    mechanism: "discrete-gaussian",
    shares: 3,
    deviation: 0.5,
    normBound: 0.001,
    numbers: 7,
  };
  const [bound] = rdpOfIntegerSum(sum, [1000]);
  const plain = 1000 / 2 * 0.001 ** 2 / 0.75;
  assert.ok(Math.abs(bound! - plain - 7 * 1.2206373) < 1e-5, `${bound}`);
});

const OPTIONS: IntegerNoiseOptions = {
  clippingNorm: 0.5,
  noiseMultiplier: 1,
  numbers: 1000,
  nodes: 10,
};

Deno.test("a plan fits its ring with the largest scale, and its parts belong together", () => {
  for (const ringBits of [24, 32, 48, 64]) {
    for (const mechanism of ["discrete-gaussian", "skellam"] as const) {
      const plan = planIntegerNoise({ ...OPTIONS, mechanism, ringBits, shares: 6 });
      assert.ok(plan.bits <= ringBits);
      const { scale, normBound, deviation, shares } = plan;
      assert.equal(shares, 6);
      assert.ok(normBound >= scale * 0.5, "the norm of an update that is not rounded");
      assert.ok(normBound <= scale * 0.5 + Math.sqrt(1000));
      assert.ok(Math.abs(deviation * Math.sqrt(6) / normBound - 1) < 1e-12, "z of the honest");
      // Ten updates at their bound, and noise that is exceeded once in 2⁶⁴ sums.
      assert.ok(2 ** (plan.bits - 1) >= 10 * normBound + 9 * deviation * Math.sqrt(10));
      const larger = { ...OPTIONS, mechanism, ringBits, shares: 6, scale: 2 * scale };
      assert.throws(() => planIntegerNoise(larger), invalid);
    }
  }
});

Deno.test("calibration finds the least noise, by both mechanisms", () => {
  for (const mechanism of ["discrete-gaussian", "skellam"] as const) {
    const { noiseMultiplier: _, ...options } = { ...OPTIONS, mechanism };
    const target = { epsilon: 2, delta: 1e-5, rounds: 10 };
    const plan = calibrateIntegerNoise(options, target);
    const { epsilon } = integerNoiseEpsilon(plan, 10, 1e-5);
    assert.ok(epsilon <= 2 && epsilon > 2 * (1 - 1e-4), `${epsilon}`);
    // The golden calibration of ten Gaussian releases: 6.796084 for ε 2.
    const multiplier = plan.deviation * Math.sqrt(10) / plan.normBound;
    const tolerance = mechanism === "skellam" ? 0.02 : 1e-4;
    assert.ok(Math.abs(multiplier / 6.796084 - 1) < tolerance, `${multiplier}`);
  }
});

Deno.test("a plan refuses what makes no sense, or has no proof", () => {
  const refused: Partial<IntegerNoiseOptions>[] = [
    { clippingNorm: 0 },
    { clippingNorm: Infinity },
    { noiseMultiplier: 0 },
    { noiseMultiplier: NaN },
    { numbers: 0 },
    { nodes: 1.5 },
    { shares: 11 },
    { shares: 0 },
    { ringBits: 7 },
    { ringBits: 65 },
    { scale: -1 },
    // A share of noise of less than half an integer.
    { scale: 1, noiseMultiplier: 0.01 },
    // Eight bits do not hold ten nodes' updates of a thousand numbers.
    { ringBits: 8 },
    { scale: 2 ** 40, ringBits: 64 },
    { mechanism: "skellam", scale: 2 ** 24, noiseMultiplier: 10, ringBits: 64 },
  ];
  for (const options of refused) {
    assert.throws(() => planIntegerNoise({ ...OPTIONS, ...options }), invalid);
  }
  const plan = planIntegerNoise(OPTIONS);
  assert.throws(() => integerNoiseEpsilon(plan, 0, 1e-5), invalid);
  assert.throws(() => integerNoiseEpsilon(plan, 1, 0), invalid);
});
