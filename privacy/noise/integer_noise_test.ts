import assert from "node:assert/strict";
import { DiscreteGaussian } from "./discrete_gaussian.ts";
import { CryptoEntropy, type Entropy } from "./entropy.ts";
import { expNegative, fractionOf } from "./exp_fixed_point.ts";
import { forTestsSeededEntropy } from "./for_tests.ts";
import { addIntegerNoise } from "./integer_noise.ts";
import { roundConditionally } from "./integer_rounding.ts";
import { discreteLaplace } from "./laplace.ts";
import { isBelow, LazyChoice } from "./lazy_choice.ts";
import { Skellam } from "./skellam.ts";

const SAMPLES = 200_000;

/** Probabilities of −length to length. */
function distributionOf(weightOf: (k: number) => number, length: number): Map<number, number> {
  const numbers = Array.from({ length: 2 * length + 1 }, (_, i) => i - length);
  const total = numbers.reduce((sum, k) => sum + weightOf(Math.abs(k)), 0);
  return new Map(numbers.map((k) => [k, weightOf(Math.abs(k)) / total]));
}

/** I_k(s), by its power series, relative to exp(s). */
function bessel(k: number, s: number): number {
  let term = Math.exp(-s);
  for (let i = 1; i <= k; i++) term *= s / 2 / i;
  let sum = term;
  for (let i = 1; i < 10 * s + 100; i++) sum += term *= (s / 2) ** 2 / (i * (i + k));
  return sum;
}

/** Entropy with the given numbers, one after the other. */
function numbers(...given: number[]): Entropy {
  return {
    next() {
      assert.ok(given.length > 0, "more entropy than expected");
      return given.shift()!;
    },
  };
}

for (const deviation of [0.3, 1, 2.5, 40]) {
  const cases = {
    "discrete Gaussian": {
      fill: (target: Float64Array, entropy: Entropy) =>
        new DiscreteGaussian(deviation).fill(target, entropy),
      weightOf: (k: number) => Math.exp(-k * k / (2 * deviation ** 2)),
    },
    "Skellam": {
      fill: (target: Float64Array, entropy: Entropy) =>
        new Skellam(deviation).fill(target, entropy),
      // Beyond what the series can compute, the ratio of two neighbours of a normal distribution is close enough.
      weightOf: deviation < 10
        ? (k: number) => bessel(k, deviation ** 2)
        : (k: number) => Math.exp(-k * k / (2 * deviation ** 2)),
    },
  };
  for (const [name, { fill, weightOf }] of Object.entries(cases)) {
    Deno.test(`${name} numbers with a deviation of ${deviation} are as frequent as they should be`, () => {
      const samples = new Float64Array(SAMPLES);
      fill(samples, forTestsSeededEntropy(21));
      const counts = new Map<number, number>();
      for (const k of samples) counts.set(k, (counts.get(k) ?? 0) + 1);
      const probabilities = distributionOf(weightOf, Math.ceil(8 * deviation + 10));
      let checked = 0;
      for (const [k, probability] of probabilities) {
        const expected = probability * SAMPLES;
        const deviations = Math.abs((counts.get(k) ?? 0) - expected) / Math.sqrt(expected + 1);
        assert.ok(deviations < 5.5, `${k}: ${counts.get(k)}, expected ${expected}`);
        checked += counts.get(k) ?? 0;
      }
      assert.equal(checked, SAMPLES, "no number beyond");
    });
  }
}

Deno.test("expNegative has the digits of exp(−1) and exp(−100), and is 0 far beyond them", () => {
  // From the decimal expansions of 1/e and e^−100.
  const digits = 36787944117144232159552377016146086744581113103176n;
  const scaled = expNegative({ numerator: 1n, denominator: 1n }, 200) * 10n ** 50n >> 200n;
  assert.ok(scaled - digits <= 1n && digits - scaled <= 1n, `${scaled}`);
  const hundred = Number(expNegative({ numerator: 100n, denominator: 1n }, 300)) / 2 ** 300;
  assert.ok(Math.abs(hundred / 3.720075976020836e-44 - 1) < 1e-15, `${hundred}`);
  assert.equal(expNegative({ numerator: 10n ** 9n, denominator: 1n }, 128), 0n);
  assert.equal(expNegative({ numerator: 0n, denominator: 1n }, 128), 1n << 128n);
});

Deno.test("fractionOf is exact, also for numbers without a short fraction", () => {
  for (const value of [0.1, 1 / 3, 2 ** -60, 12345.678, 2 ** 80]) {
    const { numerator, denominator } = fractionOf(value);
    assert.equal(Number(numerator) / Number(denominator), value);
  }
});

/** Weights 1, 1/3 and 1/9: the limits 9/13 and 12/13 are no numbers of float64. */
const thirds = () =>
  new LazyChoice(Float64Array.of(1, 1 / 3, 1 / 9), (bits) => ({
    weights: [1n, 3n, 9n].map((divisor) => (1n << BigInt(bits)) / divisor),
    rest: 0n,
  }));

Deno.test("a choice whose first bits contain a limit is made by the bits that follow", () => {
  const choice = thirds();
  const limits = [9 / 13, 12 / 13].map((limit) => limit * 2 ** 31);
  limits.forEach((limit, k) => {
    const first = Math.floor(limit);
    assert.equal(choice.choose(first - 1), k);
    assert.equal(choice.choose(first + 1), k + 1);
    assert.equal(choice.choose(first), -1, "open");
    // The next 32 bits of the limit itself, by whole numbers.
    const more = Number(((9n + 3n * BigInt(k)) << 63n) / 13n % 2n ** 32n);
    assert.equal(choice.chooseExactly(first, numbers(more - 1)), k);
    assert.equal(choice.chooseExactly(first, numbers(more + 1)), k + 1);
    // The limit's own bits decide nothing: the ones after them do.
    assert.equal(choice.chooseExactly(first, numbers(more, 0)), k);
    assert.equal(choice.chooseExactly(first, numbers(more, 0xffffffff)), k + 1);
  });
});

Deno.test("isBelow decides by more bits where the first ones are those of the probability", () => {
  const exact = (bits: number) => expNegative({ numerator: 1n, denominator: 1n }, bits);
  const bits = exact(96);
  const [first, second] = [Number(bits >> 64n), Number(bits >> 32n & 0xffffffffn)];
  const decide = (...more: number[]) => isBelow(first, 32, Math.exp(-1), exact, numbers(...more));
  assert.equal(decide(second - 1), true);
  assert.equal(decide(second + 1), false);
  assert.equal(decide(second, 0), true);
  assert.equal(decide(second, 0xffffffff), false);
  assert.equal(isBelow(first - 1, 32, Math.exp(-1), exact, numbers()), true);
});

Deno.test("the last number of a table is no limit of the distribution", () => {
  // All first bits are ones: only more bits tell how far out the sample is.
  for (const noise of [new DiscreteGaussian(3), new Skellam(3)]) {
    const samples = new Float64Array(1);
    const ones = Array.from({ length: 4 }, () => 0xffffffff);
    noise.fill(samples, numbers(0xfffffffe, ...ones, 0));
    assert.ok(samples[0]! > 33 && samples[0]! < 80, `${samples[0]}`);
  }
});

Deno.test("noise has as much of its probability in the tail as it should, whatever the block's width", () => {
  for (const deviation of [33, 2 ** 20 / 3, 2 ** 45 * 1.3]) {
    const samples = new Float64Array(SAMPLES);
    new DiscreteGaussian(deviation).fill(samples, forTestsSeededEntropy(22));
    for (const [from, share] of [[1, 0.317311], [2, 0.0455], [3, 0.0026998]] as const) {
      // Half a step further, because a sample stands for the step around it.
      const limit = Math.ceil(from * deviation + 0.5) - 0.5;
      const exact = share - 2 * Math.exp(-from * from / 2) / Math.sqrt(2 * Math.PI) *
          (limit / deviation - from);
      const beyond = samples.reduce((total, x) => total + Number(Math.abs(x) > limit), 0);
      const expected = exact * SAMPLES;
      assert.ok(Math.abs(beyond - expected) < 5 * Math.sqrt(expected), `${deviation}, ${from}`);
    }
    assert.ok(samples.every((sample) => Number.isInteger(sample) && !Object.is(sample, -0)));
  }
});

Deno.test("addIntegerNoise adds to all types modulo their size, and differs at each call", () => {
  const share = { mechanism: "discrete-gaussian", deviation: 2 ** 30 } as const;
  const length = 10_000;
  const sums = [new Int32Array(length), new Uint32Array(length), new BigInt64Array(length)].map(
    (values) => {
      addIntegerNoise(values, share, forTestsSeededEntropy(23));
      return [...values].map((value) => BigInt.asIntN(32, BigInt(value)));
    },
  );
  assert.deepEqual(sums[0], sums[1]);
  assert.deepEqual(sums[0], sums[2], "the low bits of 64 are those of 32");
  const wide = new BigInt64Array([2n ** 63n - 1n]);
  addIntegerNoise(wide, { mechanism: "discrete-gaussian", deviation: 100 }, numbers(0x7ffffffe, 0));
  assert.ok(wide[0]! < -(2n ** 62n), "wraps around");
  const [one, other] = [new Int32Array(100), new Int32Array(100)];
  addIntegerNoise(one, { mechanism: "skellam", deviation: 1000 }, new CryptoEntropy());
  addIntegerNoise(other, { mechanism: "skellam", deviation: 1000 });
  assert.notDeepEqual(one, other);
});

Deno.test("a deviation out of range is refused", () => {
  for (const deviation of [0, -1, NaN, Infinity, 2 ** 48]) {
    assert.throws(() => new DiscreteGaussian(deviation), RangeError);
    assert.throws(() => new Skellam(deviation), RangeError);
  }
  assert.throws(() => new Skellam(2 ** 16 + 1), RangeError);
});

Deno.test("discrete Laplace numbers also decide by more bits", () => {
  // With a scale of 1, t is 1: the rest needs no bits and is accepted, and each further number needs exp(−1).
  const bits = expNegative({ numerator: 1n, denominator: 1n }, 64);
  const [first, second] = [Number(bits >> 32n), Number(bits & 0xffffffffn)];
  assert.equal(discreteLaplace(1, numbers(0, first, second - 1, 0xffffffff, 0)), 1);
  assert.equal(discreteLaplace(1, numbers(0, first, second + 1, 0)), 0);
});

const GRID = { clippingNorm: 2, scale: 1000, normBound: 2005 };

Deno.test("conditional rounding keeps the mean of each number, and the norm within its bound always", () => {
  const values = Float64Array.of(0.1234, -0.5678, 0.0005, 0);
  const entropy = forTestsSeededEntropy(24);
  const [sums, rounds] = [new Float64Array(4), 20_000];
  const target = new Int32Array(4);
  for (let i = 0; i < rounds; i++) {
    assert.ok(Math.abs(roundConditionally(values, target, GRID, entropy) - 0.58108) < 1e-4);
    target.forEach((integer, k) => {
      assert.ok(Math.abs(integer - values[k]! * 1000) < 1);
      sums[k]! += integer;
    });
  }
  // A fraction f has the variance f·(1 − f), at most 1/4.
  sums.forEach((sum, k) => {
    const error = Math.abs(sum / rounds - values[k]! * 1000);
    assert.ok(error < 5 * 0.5 / Math.sqrt(rounds), `${k}: ${error}`);
  });
});

Deno.test("conditional rounding draws again until the bound holds, and clips before", () => {
  // Without a bound the norm would be above half of the time.
  const values = new Float64Array(100).fill(10.5);
  const bound = { clippingNorm: 105, scale: 1, normBound: 105.5 };
  const entropy = forTestsSeededEntropy(25);
  for (let i = 0; i < 200; i++) {
    const target = new BigInt64Array(100);
    roundConditionally(values, target, bound, entropy);
    const squares = target.reduce((sum, x) => sum + x * x, 0n);
    assert.ok(squares <= 11130n, `${squares}`);
  }
  for (const scaled of [100, 1e200]) {
    const target = new Int32Array(100);
    const large = values.map((value) => value * scaled);
    assert.ok(roundConditionally(large, target, bound, entropy) > 105);
    assert.ok(target.reduce((sum, x) => sum + x * x, 0) <= 11130);
  }
  assert.throws(
    () => roundConditionally(Float64Array.of(0, NaN), new Int32Array(2), GRID),
    RangeError,
  );
});
