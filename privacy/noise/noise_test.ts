import assert from "node:assert/strict";
import { CryptoEntropy, uniform, uniformBelow } from "./entropy.ts";
import { forTestsSeededEntropy } from "./for_tests.ts";
import { addGaussianNoise, drawGaussianNoise, float32Step } from "./gaussian.ts";
import { derivedKey, KeyedEntropy, newKey } from "./keyed_entropy.ts";
import { addLaplaceNoise, discreteLaplace } from "./laplace.ts";

const SAMPLES = 40_000;
/** Kolmogorov's distance that a true sample of this size exceeds once in a million times. */
const MAX_DISTANCE = 2.7 / Math.sqrt(SAMPLES);

/** The largest distance of a sample's distribution from the one it should have. */
function distance(sample: Float64Array, cumulative: (x: number) => number): number {
  const sorted = sample.slice().sort();
  return sorted.reduce((most, x, i) => {
    const expected = cumulative(x);
    return Math.max(most, Math.abs(expected - i / SAMPLES), Math.abs(expected - (i + 1) / SAMPLES));
  }, 0);
}

function moments(sample: Float64Array): { mean: number; variance: number } {
  const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length;
  return { mean, variance: sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sample.length };
}

/** The standard normal distribution, by a series good to 10⁻¹² where samples are. */
function normal(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-15; n++) sum += term *= x * x / (2 * n + 1);
  return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

for (const deviation of [1e-6, 1, 3.7, 1e9]) {
  Deno.test(`Gaussian noise with a standard deviation of ${deviation}`, () => {
    const sample = new Float64Array(SAMPLES);
    addGaussianNoise(sample, deviation, forTestsSeededEntropy(7));
    assert.ok(distance(sample, (x) => normal(x / deviation)) < MAX_DISTANCE);
    const { mean, variance } = moments(sample);
    assert.ok(Math.abs(mean) < 5 * deviation / Math.sqrt(SAMPLES), `mean ${mean}`);
    assert.ok(
      Math.abs(variance / deviation ** 2 - 1) < 5 * Math.sqrt(2 / SAMPLES),
      `variance ${variance}`,
    );
  });
}

for (const deviation of [1e-6, 1, 3.7, 1e9]) {
  Deno.test(`float32 Gaussian noise with a standard deviation of ${deviation}`, () => {
    const step = float32Step(deviation);
    const sample = new Float32Array(SAMPLES);
    drawGaussianNoise(sample, deviation, step, forTestsSeededEntropy(11));
    const numbers = Float64Array.from(sample);
    assert.ok(distance(numbers, (x) => normal(x / deviation)) < MAX_DISTANCE);
    const { mean, variance } = moments(numbers);
    assert.ok(Math.abs(mean) < 5 * deviation / Math.sqrt(SAMPLES), `mean ${mean}`);
    assert.ok(
      Math.abs(variance / deviation ** 2 - 1) < 5 * Math.sqrt(2 / SAMPLES),
      `variance ${variance}`,
    );
    assert.ok(numbers.every((number) => Number.isInteger(number / step)), "multiples of the step");
    // Float32 has 24 bits: all multiples of the step up to 16 deviations are float32 numbers.
    assert.ok(16 * deviation <= 2 ** 24 * step && deviation >= 2 ** 19 * step);
  });
}

Deno.test("Gaussian noise: the tail has as many numbers as it should", () => {
  const count = 2_000_000;
  const sample = new Float32Array(count);
  drawGaussianNoise(sample, 1, float32Step(1), forTestsSeededEntropy(12));
  for (const [from, share] of [[3, 0.0026998], [4, 0.00006334]] as const) {
    const beyond = sample.reduce((total, x) => total + Number(Math.abs(x) > from), 0);
    const expected = share * count;
    assert.ok(Math.abs(beyond - expected) < 5 * Math.sqrt(expected), `${from}: ${beyond}`);
  }
  const largest = sample.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  assert.ok(largest > 4.5 && largest < 7, `largest ${largest}`);
});

Deno.test("Laplace noise has its distribution", () => {
  const sample = new Float64Array(SAMPLES);
  addLaplaceNoise(sample, 2, forTestsSeededEntropy(8));
  const cumulative = (x: number) => x < 0 ? Math.exp(x / 2) / 2 : 1 - Math.exp(-x / 2) / 2;
  assert.ok(distance(sample, cumulative) < MAX_DISTANCE);
});

Deno.test("discrete Laplace numbers are as frequent as they should be", () => {
  const entropy = forTestsSeededEntropy(9);
  const counts = new Map<number, number>();
  for (let i = 0; i < SAMPLES; i++) {
    const k = discreteLaplace(1.5, entropy);
    counts.set(k, (counts.get(k) ?? 0) + 1);
  }
  const q = Math.exp(-1 / 1.5);
  for (let k = -4; k <= 4; k++) {
    const expected = SAMPLES * (1 - q) / (1 + q) * q ** Math.abs(k);
    assert.ok(
      Math.abs(counts.get(k)! - expected) < 5 * Math.sqrt(expected),
      `${k}: ${counts.get(k)}`,
    );
  }
});

Deno.test("noise and what it is added to are multiples of one step, so that low bits tell nothing", () => {
  for (const add of [addGaussianNoise, addLaplaceNoise]) {
    const entropy = new CryptoEntropy();
    const values = new Float64Array(1000).map(() => Math.PI * uniform(entropy));
    add(values, 1, entropy);
    const step = 2 ** -46;
    assert.ok(values.every((value) => Number.isInteger(value / step)));
  }
});

Deno.test("noise keeps large numbers, and differs at each call", () => {
  const entropy = new CryptoEntropy();
  const values = new Float64Array([1e300, 0, 0]);
  addGaussianNoise(values, 1, entropy);
  assert.equal(values[0], 1e300);
  assert.notEqual(values[1], values[2]);
});

Deno.test("uniformBelow: every number is as likely, also just above a power of two and beyond 32 bits", () => {
  const entropy = forTestsSeededEntropy(10);
  const counts = new Uint32Array(5);
  for (let i = 0; i < SAMPLES; i++) counts[uniformBelow(5, entropy)]!++;
  for (const count of counts) assert.ok(Math.abs(count - SAMPLES / 5) < 5 * Math.sqrt(SAMPLES / 5));
  assert.equal(uniformBelow(1, entropy), 0);
  const large = Array.from({ length: 1000 }, () => uniformBelow(2 ** 47 + 1, entropy) / 2 ** 47);
  const mean = large.reduce((sum, x) => sum + x, 0) / 1000;
  assert.ok(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / 1000), `mean ${mean}`);
});

Deno.test("keyed entropy is the keystream of its key, in the same order on each machine", () => {
  const entropy = new KeyedEntropy(new Uint8Array(32));
  // AES-256 of block 0 with the key 0: dc95c078 a2408989 …, as little-endian numbers.
  assert.deepEqual([entropy.next(), entropy.next()], [0x78c095dc, 0x898940a2]);
  for (let i = 2; i < 40_000; i++) entropy.next();
  const again = new KeyedEntropy(new Uint8Array(32));
  for (let i = 0; i < 40_000; i++) again.next();
  assert.equal(entropy.next(), again.next());
});

Deno.test("keys that are derived differ by purpose and key", () => {
  const [key, other] = [newKey(), newKey()];
  assert.equal(key.length, 32);
  const purpose = (text: string) => [new TextEncoder().encode(text)];
  const keys = [[key, "a"], [key, "b"], [other, "a"]] as const;
  const derived = keys.map(([key, text]) => derivedKey(key, purpose(text)).toHex());
  assert.equal(new Set(derived).size, 3);
  assert.equal(derivedKey(key, purpose("a")).toHex(), derived[0]);
});
