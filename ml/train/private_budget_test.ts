import assert from "node:assert/strict";
import { RdpAccountant } from "../../privacy/accounting/accountant.ts";
import { dpSgd } from "../step/dp_sgd.ts";
import { dataOf, errorWith, EXAMPLES, flat, MLP, modelOf } from "./testing/private_cases.ts";

Deno.test("dpSgd: a fit reports ε of its steps, as an accountant of its own computes it", async () => {
  await using model = modelOf(MLP, 2);
  const accountant = new RdpAccountant({
    targetDelta: 1e-5,
    populationSize: EXAMPLES,
    samplingMethod: "poisson",
  });
  accountant.compose({ noiseMultiplier: 1.5, sampleSize: 2 }, 3 * 4);
  const privacy = dpSgd({ clip: 1, noiseMultiplier: 1.5 });
  const { privacy: spent, steps } = await model.fit(dataOf(MLP), { epochs: 4, privacy });
  assert.equal(steps, 12);
  assert.deepEqual(spent, {
    epsilon: accountant.epsilon(),
    delta: 1e-5,
    unit: "example",
    steps: 12,
    samplingRate: 1 / 3,
    noiseMultiplier: 1.5,
    clip: 1,
    accountingMethod: "rdp",
  });
  assert.ok(spent!.epsilon > 1 && spent!.epsilon < 20);
});

Deno.test("dpSgd: an accountant adds up fits, also those that are stopped, and refuses one beyond its budget", async () => {
  await using model = modelOf(MLP, 2);
  const config = {
    targetDelta: 1e-5,
    populationSize: EXAMPLES,
    samplingMethod: "poisson",
  } as const;
  const free = new RdpAccountant(config);
  free.compose({ noiseMultiplier: 1.5, sampleSize: 2 }, 10);
  const accountant = new RdpAccountant({ ...config, maxEpsilon: free.epsilon() * 1.0001 });
  const privacy = dpSgd({ clip: 1, noiseMultiplier: 1.5, accountant });
  await model.fit(dataOf(MLP), { epochs: 2, privacy });
  assert.equal(accountant.numReleases, 6);
  const { privacy: spent } = await model.fit(dataOf(MLP), {
    epochs: 9,
    privacy: dpSgd({ clip: 1, noiseMultiplier: 9, accountant: new RdpAccountant(config) }),
    onEpoch: () => "stop",
  });
  assert.equal(spent!.steps, 3);
  const parameters = flat(model);
  await assert.rejects(
    model.fit(dataOf(MLP), { epochs: 2, privacy }),
    errorWith("failed-precondition"),
  );
  assert.deepEqual([accountant.numReleases, flat(model)], [6, parameters]);
  await model.fit(dataOf(MLP), { epochs: 1, privacy });
  assert.equal(accountant.numReleases, 9);
});

Deno.test("dpSgd: a fit that is cancelled counts the steps it made", async () => {
  const model = modelOf(MLP, 2);
  const accountant = new RdpAccountant({
    targetDelta: 1e-5,
    populationSize: EXAMPLES,
    samplingMethod: "poisson",
  });
  const controller = new AbortController();
  const fit = model.fit(dataOf(MLP), {
    epochs: 1000,
    privacy: dpSgd({ clip: 1, noiseMultiplier: 1, accountant }),
    signal: controller.signal,
    onEpoch: ({ epoch }) => {
      if (epoch === 2) controller.abort();
    },
  });
  await assert.rejects(fit, errorWith("cancelled"));
  // The fit ends in the background.
  await model[Symbol.asyncDispose]();
  assert.ok(accountant.numReleases >= 6, `${accountant.numReleases}`);
});

Deno.test("dpSgd: the population of the accountant is the number of examples", async () => {
  await using model = modelOf(MLP, 2);
  const accountant = new RdpAccountant({
    targetDelta: 1e-5,
    populationSize: EXAMPLES + 1,
    samplingMethod: "poisson",
  });
  const privacy = dpSgd({ clip: 1, noiseMultiplier: 1, accountant });
  await assert.rejects(model.fit(dataOf(MLP), { privacy }), errorWith("invalid-argument", /6.*7/));
});

Deno.test("dpSgd: without noise, ε is infinite", async () => {
  await using model = modelOf(MLP, 2);
  const { privacy } = await model.fit(dataOf(MLP), {
    privacy: dpSgd({ clip: 1, noiseMultiplier: 0 }),
  });
  assert.deepEqual([privacy!.epsilon, privacy!.accountingMethod], [Infinity, "none"]);
});
