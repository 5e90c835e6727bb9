import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { flatten } from "../nn/shaping.ts";
import { dense } from "../nn/dense.ts";
import { crossEntropy, meanSquaredError } from "../nn/loss.ts";
import { linearDecay } from "../nn/schedule.ts";
import { sequential } from "../nn/sequential.ts";
import { sgd } from "../nn/sgd.ts";
import { LocalEngine } from "../session/local_engine.ts";
import type { Augmentation } from "./augment.ts";
import type { Dataset } from "../../tensor/dataset.ts";
import type { EpochReport, FitOptions } from "./fit_options.ts";
import { Model } from "./model.ts";
import type { ModelOptions } from "./model_options.ts";
import { pointModel, points } from "./testing/point_model.ts";

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FlwrError && error.code === "invalid-argument");
  assert.match(error.message, pattern);
  return true;
};

const weighted = (dataset: Dataset, weights: ArrayLike<number>): Dataset => ({
  ...dataset,
  weights: tensor("float32", [weights.length], Float32Array.from(weights)),
});

Deno.test("validation data are evaluated after each epoch", async () => {
  await using model = pointModel();
  const reports: EpochReport[] = [];
  const validation = points(77, 1000);
  const { losses, validations, bestEpoch } = await model.fit(points(100), {
    epochs: 3,
    validation,
    onEpoch: (report) => void reports.push(report),
  });
  assert.equal(bestEpoch, undefined);
  assert.deepEqual(
    reports,
    losses.map((loss, i) => ({ epoch: i + 1, epochs: 3, loss, validation: validations[i] })),
  );
  assert.equal(validations.length, 3);
  assert.deepEqual(validations[2], await model.evaluate(validation));
  assert.notDeepEqual(validations[0], validations[2]);
});

Deno.test("a fit ends after the epoch for which onEpoch returns stop", async () => {
  await using model = pointModel();
  const { losses, validations } = await model.fit(points(64), {
    epochs: 9,
    onEpoch: ({ epoch, validation }) => {
      assert.equal(validation, undefined);
      return epoch === 2 ? "stop" : undefined;
    },
  });
  assert.deepEqual([losses.length, validations.length], [2, 0]);
});

Deno.test("an early stop leaves the parameters of the best epoch", async () => {
  await using model = pointModel();
  // The training data contradict the validation data, so the first epoch is the best.
  const validation = points(100, 0, true);
  const options: FitOptions = { epochs: 50, seed: 1, validation, earlyStop: { patience: 2 } };
  const { losses, validations, bestEpoch } = await model.fit(points(100), options);
  assert.equal(bestEpoch, 1);
  assert.equal(losses.length, 3);
  assert.deepEqual(await model.evaluate(validation), validations[0]);

  await using other = pointModel();
  await other.fit(points(100), { epochs: 1, seed: 1 });
  assert.deepEqual(model.getParameters(), other.getParameters());
  // The optimiser's momentum belongs to later parameters, so the optimiser starts afresh.
  await model.fit(points(100), { seed: 2, optimizerState: "keep" });
  await other.fit(points(100), { seed: 2, optimizerState: "fresh" });
  assert.deepEqual(model.getParameters(), other.getParameters());
});

Deno.test("an early stop runs all epochs while they improve", async () => {
  await using model = pointModel();
  const options: FitOptions = { epochs: 4, validation: points(100), earlyStop: { patience: 3 } };
  const { losses, validations, bestEpoch } = await model.fit(points(100), options);
  assert.equal(losses.length, 4);
  const best = validations.reduce(
    (least, { loss }, i) => loss < validations[least]!.loss ? i : least,
    0,
  );
  assert.equal(bestEpoch, best + 1);
  assert.deepEqual(await model.evaluate(points(100)), validations[best]);
});

Deno.test("an early stop without validation data is refused, and data that do not fit", async () => {
  await using model = pointModel();
  await assert.rejects(
    model.fit(points(4), { earlyStop: { patience: 1 } }),
    refused(/needs validation data/),
  );
  const { y } = points(4);
  const validation = { x: tensor("float32", [4, 3], new Float32Array(12)), y };
  await assert.rejects(
    model.fit(points(4), { validation }),
    refused(/float32 \[examples, 2\]: got float32 \[4, 3\]/),
  );
});

Deno.test("an example of weight 2 counts as two, one of weight 0 not at all", async () => {
  const data = points(4);
  const rows = [0, 1, 1, 3];
  const repeated: Dataset = {
    x: tensor(
      "float32",
      [4, 2],
      Float32Array.from(rows.flatMap((row) => [
        data.x.data[2 * row] as number,
        data.x.data[2 * row + 1] as number,
      ])),
    ),
    y: tensor("uint8", [4], Uint8Array.from(rows, (row) => data.y.data[row] as number)),
  };
  const weights = [1, 2, 0, 1];
  const results = [];
  for (const dataset of [weighted(data, weights), repeated]) {
    await using model = pointModel({ optimizer: sgd({ learningRate: 0.5 }) });
    const { losses } = await model.fit(dataset, { epochs: 3, shuffle: false });
    results.push({ losses, evaluation: await model.evaluate(dataset), model });
  }
  const [one, two] = results;
  close(one!.losses, two!.losses);
  close(
    [one!.evaluation.loss, one!.evaluation.lossSum, one!.evaluation.accuracy],
    [two!.evaluation.loss, two!.evaluation.lossSum, two!.evaluation.accuracy],
  );
  for (const [name, { data }] of one!.model.getParameters()) {
    close(data as Float32Array, two!.model.getParameters().get(name)!.data as Float32Array);
  }
});

Deno.test("losses are means by weight, also over a last smaller batch and shuffled", async () => {
  // With a negligible step size, the loss of each example does not change.
  await using model = pointModel({ optimizer: sgd({ learningRate: 1e-20 }), batchSize: 3 });
  const data = weighted(points(100), Array.from({ length: 100 }, (_, i) => i % 4));
  const { loss } = await model.evaluate(data);
  const { losses } = await model.fit(data);
  close(losses, [loss]);
  const unweighted = await model.evaluate(points(100));
  assert.ok(Math.abs(unweighted.loss - loss) > 1e-4, "weights matter");
});

Deno.test("weights that do not fit are refused", async () => {
  await using model = pointModel();
  const fit = (weights: Tensor) => model.fit({ ...points(3), weights });
  const floats = (...numbers: number[]) =>
    tensor("float32", [numbers.length], Float32Array.from(numbers));
  await assert.rejects(fit(floats(1, 2)), refused(/float32 \[3\].*: got float32 \[2\]/));
  await assert.rejects(
    fit(tensor("float64", [3], new Float64Array(3))),
    refused(/float32 \[3\].*: got float64 \[3\]/),
  );
  await assert.rejects(fit(floats(1, -2, 1)), refused(/not negative: got -2 for example 1/));
  await assert.rejects(fit(floats(1, 1, NaN)), refused(/not negative: got NaN for example 2/));
  await assert.rejects(fit(floats(0, 0, 0)), refused(/all are 0/));
});

Deno.test("single steps have the same result as a fit on the same batches", async () => {
  const data = points(96);
  await using whole = pointModel();
  const { losses: [loss] } = await whole.fit(data, { shuffle: false });
  await using stepped = pointModel();
  let sum = 0;
  for (let step = 0; step < 3; step++) {
    const x = (data.x.data as Float32Array).subarray(64 * step, 64 * (step + 1));
    const y = (data.y.data as Uint8Array).subarray(32 * step, 32 * (step + 1));
    sum += await stepped.trainStep({
      x: tensor("float32", [32, 2], x),
      y: tensor("uint8", [32], y),
    });
  }
  close([sum / 3], [loss!]);
  assert.deepEqual(stepped.getParameters(), whole.getParameters());
});

Deno.test("a step may have more examples than a batch", async () => {
  await using model = pointModel({ batchSize: 4 });
  const { loss } = await model.evaluate(points(50));
  close([await model.trainStep(points(50), { learningRate: 0.01 })], [loss]);
});

Deno.test("an early stop by accuracy needs a loss that defines correctness", async () => {
  await using model = new Model({
    network: dense({ out: 1 }),
    input: { shape: [2], dtype: "float32" },
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 0.1 }),
    createEngine: () => LocalEngine.create(1),
  });
  const data = { x: points(8).x, y: tensor("float32", [8, 1], new Float32Array(8)) };
  const earlyStop = { patience: 1, monitor: "accuracy" } as const;
  await assert.rejects(
    model.fit(data, { validation: data, earlyStop }),
    refused(/no notion of right answers/),
  );
});

/** Images with a bright left half (class 0) or right half. */
function halves(count: number): Dataset {
  const y = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const x = Uint8Array.from(
    { length: 16 * count },
    (_, i) => Number(i % 4 >= 2) === y[Math.floor(i / 16)] ? 200 : 20,
  );
  return { x: tensor("uint8", [count, 1, 4, 4], x), y: tensor("uint8", [count], y) };
}

function pictureModel(augment?: Augmentation): Model {
  return new Model({
    network: sequential(flatten(), dense({ out: 2 })),
    input: { shape: [1, 4, 4], normalize: { mean: 0.5, deviation: 0.5 }, augment },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.1 }),
    createEngine: () => LocalEngine.create(1),
  });
}

Deno.test("augmentation changes training, but not evaluation", async () => {
  const data = halves(200);
  await using plain = pictureModel();
  await using mirrored = pictureModel({ horizontalFlip: true });
  mirrored.setParameters(plain.getParameters());
  assert.deepEqual(await mirrored.evaluate(data), await plain.evaluate(data));
  assert.deepEqual(await mirrored.predict(data.x), await plain.predict(data.x));
  const options: FitOptions = { epochs: 10, seed: 1, schedule: linearDecay() };
  await plain.fit(data, options);
  await mirrored.fit(data, options);
  const [learned, confused] = [await plain.evaluate(data), await mirrored.evaluate(data)];
  assert.equal(learned.accuracy, 1);
  assert.ok(learned.loss < 0.1, `${learned.loss}`);
  // Left and right cannot be distinguished when half of each are mirrored.
  assert.ok(confused.loss > 0.5, `${confused.loss}`);
});

Deno.test("augmentation differs between epochs and seeds, and is the same for the same seed", async () => {
  const data = halves(8);
  const train = async (seed: number) => {
    await using model = pictureModel({ crop: 1 });
    const start = model.getParameters();
    const { losses } = await model.fit(data, { epochs: 3, seed, learningRate: 1e-20 });
    assert.deepEqual(model.getParameters(), start);
    return losses;
  };
  const losses = await train(1);
  assert.equal(new Set(losses).size, 3, "only the random changes differ");
  assert.deepEqual(await train(1), losses);
  assert.notDeepEqual(await train(2), losses);
});

function close(got: ArrayLike<number>, wanted: ArrayLike<number>): void {
  assert.equal(got.length, wanted.length);
  for (let i = 0; i < got.length; i++) {
    assert.ok(Math.abs(got[i]! - wanted[i]!) < 1e-5, `number ${i}: ${got[i]}, not ${wanted[i]}`);
  }
}

Deno.test("parameters that the last step made infinite are refused, though every loss was finite", async () => {
  const data: Dataset = {
    x: tensor("float32", [1, 1], Float32Array.of(1e10)),
    y: tensor("float32", [1, 1], Float32Array.of(1)),
  };
  const modelOf = (options: Partial<ModelOptions> = {}) =>
    pointModel({
      network: dense({ out: 1 }),
      input: { shape: [1], dtype: "float32" },
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 1e30 }),
      ...options,
    });
  const diverged = (error: unknown) => {
    assert.ok(error instanceof FlwrError && error.code === "failed-precondition", String(error));
    assert.match(
      error.message,
      /^Parameter "\w+" became (NaN|-?Infinity) by step 1 \(epoch 1\)/,
    );
    assert.match(error.message, /learning rate 1e\+30$/);
    return true;
  };
  for (const parameterType of ["float32", "float16"] as const) {
    await using model = modelOf({ parameterType });
    const before = model.getParameters();
    await assert.rejects(model.fit(data), diverged);
    await assert.rejects(model.trainStep(data), diverged);
    assert.deepEqual(model.getParameters(), before);
  }
});
