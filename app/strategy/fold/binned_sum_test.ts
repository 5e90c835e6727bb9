import assert from "node:assert/strict";
import { seededRandom } from "../../../base/random.ts";
import { BinnedSum } from "./binned_sum.ts";

type Term = { readonly data: Float32Array | Float64Array | Int32Array; readonly weight: number };

function sumOf(length: number): BinnedSum {
  return new BinnedSum(length, new ArrayBuffer(BinnedSum.bytes(length)), 0);
}

/** The bits of a sum of terms that are divided among some sums, in a random order. */
function bitsOf(terms: readonly Term[], length: number, parts: number, random: () => number) {
  const sums = Array.from({ length: parts }, () => sumOf(length));
  const order = terms.map((term) => ({ term, place: random() })).sort((a, b) => a.place - b.place);
  for (const { term } of order) {
    sums[Math.floor(random() * parts)]!.add(term.data, term.weight);
  }
  const [first, ...others] = sums.sort(() => random() - 0.5);
  for (const other of others) first!.merge(other);
  const result = new Float64Array(length);
  first!.divide(1, result);
  return { bits: new BigUint64Array(result.buffer.slice(0)), result };
}

/** A double as an integer in units of 2^-1200, exact. */
function exact(value: number): bigint {
  const [bits] = new BigInt64Array(new Float64Array([value]).buffer);
  const exponent = Number((bits! >> 52n) & 0x7ffn);
  const fraction = bits! & 0xfffffffffffffn;
  const size = exponent === 0
    ? fraction << BigInt(1200 - 1074)
    : (fraction | 0x10000000000000n) << BigInt(exponent - 1075 + 1200);
  return bits! < 0n ? -size : size;
}

Deno.test("a sum has the same bits in any order, and however it is divided and merged", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const generator = seededRandom(seed);
  const random = () => generator.uniform();
  for (let trial = 0; trial < 40; trial++) {
    // Ranges from a single magnitude to hundreds of binary digits, so that anchors are raised on the way.
    const spread = [0, 3, 40, 90, 300][trial % 5]!;
    const length = [1, 5, 256, 700][trial % 4]!;
    const double = trial % 3 === 0 || spread > 90;
    const terms = Array.from({ length: 2 + Math.floor(random() * 40) }, (): Term => {
      const scale = 2 ** ((random() - 0.5) * spread);
      const values = Array.from({ length }, () => {
        const kind = random();
        if (kind < 0.1) return 0;
        // Halves and quarters make ties.
        if (kind < 0.4) return Math.round((random() - 0.5) * 64) / 4 * scale;
        return (random() - 0.5) * 2 ** ((random() - 0.5) * spread) * scale;
      });
      const weight = random() < 0.5 ? Math.floor(random() * 1000) : random() * 10;
      return { data: double ? Float64Array.from(values) : Float32Array.from(values), weight };
    });
    const first = bitsOf(terms, length, 1, random);
    for (const parts of [1, 2, 4, 7]) {
      assert.deepEqual(bitsOf(terms, length, parts, random).bits, first.bits, `seed ${seed}`);
    }
    for (let i = 0; i < length; i += 97) {
      const sum = terms.reduce((total, t) => total + exact(t.weight * Number(t.data[i])), 0n);
      const largest = Math.max(
        ...terms.map((t) => Math.max(...Array.from(t.data, (x) => Math.abs(t.weight * Number(x))))),
      );
      const error = exact(first.result[i]!) - sum;
      // Below the last bit of the result, or of what lies 2^49 below the group's largest term.
      const allowed = (sum < 0n ? -sum : sum) / 2n ** 51n + exact(largest) / 2n ** 49n;
      assert.ok(
        error <= allowed && -error <= allowed,
        `seed ${seed}, trial ${trial}, element ${i}`,
      );
    }
  }
});

Deno.test("a sum of equal models divided by their number is the model", () => {
  const model = Float32Array.from({ length: 1000 }, (_, i) => Math.fround(Math.sin(i) / (i + 1)));
  const sum = sumOf(model.length);
  for (let i = 0; i < 33; i++) sum.add(model, 50 + i);
  const total = Array.from({ length: 33 }, (_, i) => 50 + i).reduce((a, b) => a + b);
  const result = new Float32Array(model.length);
  sum.divide(total, result);
  assert.deepEqual(result, model);
});

Deno.test("elements that are not finite make NaN, and a sum that is too large as well", () => {
  for (
    const [terms, expected] of [
      [[NaN, 1], NaN],
      [[1, NaN, 2], NaN],
      [[Infinity, 1], NaN],
      [[1.7e308, 1.7e308], NaN],
      [[1e-280, 1e-280], 2e-280],
      [[], 0],
      [[-0, 0], 0],
    ] as const
  ) {
    const sum = sumOf(1);
    const other = sumOf(1);
    terms.forEach((term, i) => (i % 2 === 0 ? sum : other).add(Float64Array.of(term), 1));
    sum.merge(other);
    const result = new Float64Array(1);
    sum.divide(1, result);
    assert.equal(result[0]!, expected, `${terms}`);
  }
});

Deno.test("integers and large numbers are summed exactly", () => {
  const sum = sumOf(3);
  for (let i = 0; i < 1000; i++) sum.add(Int32Array.of(1, -i, 2 ** 31 - 1), 1e9);
  const result = new Float64Array(3);
  sum.divide(1e9, result);
  assert.deepEqual([...result], [1000, -499_500, 1000 * (2 ** 31 - 1)]);
});
