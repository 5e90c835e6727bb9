import assert from "node:assert/strict";
import { dense } from "../nn/dense.ts";
import { sequential } from "../nn/sequential.ts";
import { dpSgd, type DpSgdOptions } from "../step/dp_sgd.ts";
import { dataOf, EXAMPLES, flat, modelOf, PRIVATE_CASES } from "./testing/private_cases.ts";

/** The noise in the sum of one step, whose gradients are far below it. */
async function noiseOf(options: DpSgdOptions): Promise<number[]> {
  const example = {
    ...PRIVATE_CASES["MLP"]!,
    network: sequential(dense({ out: 4000 }), dense({ out: 3 })),
  };
  await using model = modelOf(example, EXAMPLES);
  const before = flat(model);
  await model.fit(dataOf(example), { privacy: dpSgd(options) });
  return flat(model).map((number, i) => (before[i]! - number) * EXAMPLES);
}

Deno.test("dpSgd: the noise of a step is normal, with the multiplier times the clipping norm as deviation", async () => {
  const noise = await noiseOf({ clip: 0.5, noiseMultiplier: 10, seedForTests: 3 });
  const [mean, square, fourth] = [1, 2, 4].map((power) =>
    noise.reduce((sum, number) => sum + (number / 5) ** power, 0) / noise.length
  );
  const error = 5 / Math.sqrt(noise.length);
  assert.ok(Math.abs(mean!) < error, `mean ${mean}`);
  assert.ok(Math.abs(square! - 1) < error * Math.SQRT2, `square ${square}`);
  assert.ok(Math.abs(fourth! - 3) < error * Math.sqrt(96), `fourth power ${fourth}`);
});

Deno.test("dpSgd: noise is new in each fit, unless a test gives a seed", async () => {
  const options = { clip: 1, noiseMultiplier: 1 };
  assert.notDeepEqual(await noiseOf(options), await noiseOf(options));
  const seeded = { ...options, seedForTests: 1 };
  assert.deepEqual(await noiseOf(seeded), await noiseOf(seeded));
  assert.notDeepEqual(await noiseOf(seeded), await noiseOf({ ...options, seedForTests: 2 }));
});
