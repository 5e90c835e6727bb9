import assert from "node:assert/strict";
import { forTestsSeededEntropy } from "../../privacy/noise/for_tests.ts";
import { mostRowsPerPass, passesOf, poissonBatch, rowsPerPass } from "./poisson.ts";

const COUNT = 20;
const DRAWS = 40_000;

for (const rate of [0.02, 0.3, 0.9]) {
  Deno.test(`poissonBatch: each example takes part independently, with probability ${rate}`, () => {
    const entropy = forTestsSeededEntropy(21);
    const taken = new Float64Array(COUNT);
    const sizes = new Float64Array(COUNT + 1);
    let pairs = 0;
    for (let i = 0; i < DRAWS; i++) {
      const batch = poissonBatch(COUNT, rate, entropy);
      assert.ok(
        batch.every((row, k) => row >= 0 && row < COUNT && (k === 0 || row > batch[k - 1]!)),
      );
      for (const row of batch) taken[row]!++;
      sizes[batch.length]!++;
      // Neighbours, and the two ends: these would show a draw that depends on the previous one.
      pairs += Number(batch.includes(3) && batch.includes(4)) +
        Number(batch.includes(0) && batch.includes(COUNT - 1));
    }
    const close = (count: number, probability: number, draws: number, what: string) => {
      const error = 5 * Math.sqrt(draws * probability * (1 - probability)) + 3;
      assert.ok(Math.abs(count - draws * probability) < error, `${what}: ${count} of ${draws}`);
    };
    taken.forEach((count, row) => close(count, rate, DRAWS, `example ${row}`));
    close(pairs, rate * rate, 2 * DRAWS, "pairs");
    // The size of a batch has a binomial distribution; also no example and all of them.
    let probability = (1 - rate) ** COUNT;
    sizes.forEach((count, size) => {
      close(count, probability, DRAWS, `batches of ${size}`);
      probability *= (COUNT - size) / (size + 1) * rate / (1 - rate);
    });
  });
}

Deno.test("poissonBatch: with a rate of 1 all examples take part", () => {
  assert.deepEqual(poissonBatch(3, 1, forTestsSeededEntropy(1)), [0, 1, 2]);
});

Deno.test("rowsPerPass: most batches fit into one pass, and large ones are divided", () => {
  assert.equal(rowsPerPass(6, 6), 6);
  assert.equal(rowsPerPass(300, 300), 100);
  assert.equal(rowsPerPass(1, 1), 1);
  const rows = rowsPerPass(5000, 32);
  assert.ok(rows > 32 && rows < 50, `${rows}`);
  assert.ok(rowsPerPass(100_000, 5000) <= 128);
});

Deno.test("mostRowsPerPass: nearly every batch fits, unless batches are large", () => {
  assert.equal(mostRowsPerPass(6, 6), 6);
  assert.equal(mostRowsPerPass(300, 300), 100);
  assert.equal(mostRowsPerPass(5, 1), 5);
  const most = mostRowsPerPass(5000, 32);
  assert.ok(most > 60 && most < 70, `${most}`);
  assert.equal(mostRowsPerPass(100_000, 5000), 128);
});

Deno.test("passesOf: each example is in one pass, and passes are about as large", () => {
  const batch = Array.from({ length: 10 }, (_, i) => i * 2);
  assert.deepEqual(passesOf(batch, 10), [batch]);
  assert.deepEqual(passesOf(batch, 4), [batch.slice(0, 4), batch.slice(4, 8), batch.slice(8)]);
  assert.deepEqual(passesOf(batch, 9).map(({ length }) => length), [5, 5]);
  assert.deepEqual(passesOf([], 4), [[]]);
});
