import assert from "node:assert/strict";
import { poissonBatch } from "../step/poisson.ts";
import { forTestsSeededEntropy } from "../../privacy/noise/for_tests.ts";
import type { Dataset } from "../../tensor/dataset.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { dpSgd } from "../step/dp_sgd.ts";
import type { Model } from "./model.ts";
import { dataOf, flat, modelOf, PRIVATE_CASES } from "./testing/private_cases.ts";

/** Some examples of a data set. */
function chosen({ x, y }: Dataset, rows: readonly number[]): Dataset {
  const part = ({ dtype, shape, data }: Tensor) => {
    const size = elementCount(shape.slice(1));
    const all = data as Float32Array;
    const picked = rows.flatMap((row) => [...all.subarray(row * size, (row + 1) * size)]);
    const array = dtype === "int32" ? Int32Array.from(picked) : Float32Array.from(picked);
    return tensor(dtype as "float32", [rows.length, ...shape.slice(1)], array as Float32Array);
  };
  return { x: part(x), y: part(y) };
}

/** The gradient of each example, by a step with that example alone. */
async function exampleGradients(model: Model, data: Dataset): Promise<number[][]> {
  const [start, before] = [model.getParameters(), flat(model)];
  const found: number[][] = [];
  for (let row = 0; row < data.x.shape[0]!; row++) {
    await model.fit(chosen(data, [row]));
    const after = flat(model);
    found.push(before.map((number, i) => number - after[i]!));
    model.setParameters(start);
  }
  return found;
}

/** What one step without noise should subtract. */
function clippedSum(
  gradients: readonly number[][],
  rows: readonly number[],
  clip: number,
): number[] {
  const sum = gradients[0]!.map(() => 0);
  for (const row of rows) {
    const gradient = gradients[row]!;
    const norm = Math.sqrt(gradient.reduce((total, number) => total + number * number, 0));
    const factor = Math.min(1, clip / (norm + 1e-6));
    gradient.forEach((number, i) => sum[i]! += factor * number);
  }
  return sum;
}

/** A norm that about half of the gradients have. */
function middleNorm(gradients: readonly number[][]): number {
  const norms = gradients.map((gradient) => Math.hypot(...gradient)).sort((a, b) => a - b);
  return (norms[norms.length / 2 - 1]! + norms[norms.length / 2]!) / 2;
}

function assertClose(actual: readonly number[], expected: readonly number[], what: string): void {
  const scale = Math.hypot(...expected);
  const error = Math.hypot(...actual.map((number, i) => number - expected[i]!));
  assert.ok(error <= 1e-5 * scale, `${what}: ${error} of ${scale}`);
}

for (const [name, example] of Object.entries(PRIVATE_CASES)) {
  Deno.test(`dpSgd: clipped sums of gradients are those of one example at a time: ${name}`, async () => {
    const data = dataOf(example);
    const examples = data.x.shape[0]!;
    await using model = modelOf(example, examples);
    const gradients = await exampleGradients(model, data);
    const clip = middleNorm(gradients);
    const before = flat(model);
    // All examples take part in the only step.
    const all = Array.from({ length: examples }, (_, i) => i);
    const { losses } = await model.fit(data, { privacy: dpSgd({ clip, noiseMultiplier: 0 }) });
    const moved = flat(model).map((number, i) => (before[i]! - number) * examples);
    assertClose(moved, clippedSum(gradients, all, clip), "sum");
    assert.ok(losses[0]! > 0);
  });
}

for (const [name, example] of Object.entries(PRIVATE_CASES)) {
  Deno.test(`dpSgd: a step has the examples that Poisson sampling drew, and is divided by the expected number: ${name}`, async () => {
    const data = dataOf(example);
    const count = data.x.shape[0]!;
    const batchSize = count * 2 / 3;
    await using model = modelOf(example, batchSize);
    const start = model.getParameters();
    const gradients = await exampleGradients(model, data);
    const clip = middleNorm(gradients);
    const before = flat(model);
    // Batches of several sizes.
    const sizes = new Set<number>();
    for (let seedForTests = 1; sizes.size < 4; seedForTests++) {
      const entropy = forTestsSeededEntropy(seedForTests);
      const rows = poissonBatch(count, batchSize / count, entropy);
      if (sizes.has(rows.length)) continue;
      sizes.add(rows.length);
      model.setParameters(start);
      const { steps, examples } = await model.fit(data, {
        privacy: dpSgd({ clip, noiseMultiplier: 0, seedForTests }),
        schedule: (step) => step === 1 ? 1 : 0,
      });
      const moved = flat(model).map((number, i) => (before[i]! - number) * batchSize);
      assertClose(moved, clippedSum(gradients, rows, clip), `seed ${seedForTests}, ${rows}`);
      assert.equal(steps, 2);
      assert.ok(examples >= rows.length);
    }
  });
}

Deno.test("dpSgd: a batch without examples is a step without gradients", async () => {
  for (const name of ["MLP", "convolutions below pools, as products with the batch innermost"]) {
    const example = PRIVATE_CASES[name]!;
    const data = dataOf(example);
    const count = data.x.shape[0]!;
    await using model = modelOf(example, 1);
    const empty = (seed: number) =>
      poissonBatch(count, 1 / count, forTestsSeededEntropy(seed)).length === 0;
    let seedForTests = 1;
    while (!empty(seedForTests)) seedForTests++;
    const before = flat(model);
    const { losses } = await model.fit(data, {
      privacy: dpSgd({ clip: 1, noiseMultiplier: 0, seedForTests }),
      schedule: (step) => step === 1 ? 1 : 0,
    });
    assert.deepEqual(flat(model), before);
    assert.ok(Number.isFinite(losses[0]));
  }
});

Deno.test("dpSgd: a batch of several passes is one step, with each example counted once", async () => {
  const example = PRIVATE_CASES["MLP"]!;
  const data = dataOf(example, 300);
  await using model = modelOf(example, 300);
  const gradients = await exampleGradients(model, data);
  const clip = middleNorm(gradients);
  const before = flat(model);
  const privacy = dpSgd({ clip, noiseMultiplier: 0 });
  const { steps, examples } = await model.fit(data, { privacy });
  assert.deepEqual([steps, examples], [1, 300]);
  const moved = flat(model).map((number, i) => (before[i]! - number) * 300);
  assertClose(moved, clippedSum(gradients, gradients.map((_, i) => i), clip), "sum");
});
