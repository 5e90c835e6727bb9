import assert from "node:assert/strict";
import {
  adam,
  adamW,
  cosineDecay,
  dense,
  type FitOptions,
  linearDecay,
  meanSquaredError,
  Model,
  type ModelOptions,
  rmsprop,
  sequential,
  sgd,
  stepDecay,
  tanh,
  warmUp,
} from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { assertClose } from "../../../ml/testing/compare.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { type Recorded, toNdArray, TORCH } from "./recorded.ts";

interface Training extends Pick<ModelOptions, "optimizer" | "clipping"> {
  readonly fit?: FitOptions;
}

const momentum = sgd({ learningRate: 0.1, momentum: 0.9 });

const TRAININGS: Readonly<Record<string, Training>> = {
  "sgd": { optimizer: sgd({ learningRate: 0.1 }) },
  "sgd momentum": { optimizer: momentum },
  "sgd nesterov decay": {
    optimizer: sgd({ learningRate: 0.1, momentum: 0.8, nesterov: true, weightDecay: 0.1 }),
  },
  "adam": { optimizer: adam({ learningRate: 0.05 }) },
  "adam decay": {
    optimizer: adam({ learningRate: 0.05, betas: [0.8, 0.95], epsilon: 1e-3, weightDecay: 0.1 }),
  },
  "adamW": { optimizer: adamW({ learningRate: 0.05, weightDecay: 0.1 }) },
  "rmsprop": { optimizer: rmsprop({ learningRate: 0.02 }) },
  "rmsprop momentum decay": {
    optimizer: rmsprop({ learningRate: 0.02, alpha: 0.9, momentum: 0.5, weightDecay: 0.1 }),
  },
  "cosine": { optimizer: momentum, fit: { schedule: cosineDecay({ end: 0.1 }) } },
  "steps": { optimizer: momentum, fit: { schedule: stepDecay(5, 0.3) } },
  "linear": {
    optimizer: adam({ learningRate: 0.05 }),
    fit: { schedule: linearDecay({ end: 0.1, over: 8 }) },
  },
  "warm-up": { optimizer: momentum, fit: { schedule: warmUp(6) } },
  "pause": { optimizer: momentum, fit: { schedule: (step) => Number(step % 3 !== 2) } },
  "clip norm": { optimizer: momentum, clipping: { norm: 0.5 } },
  "clip value": { optimizer: momentum, clipping: { value: 0.1 } },
  "proximal": { optimizer: momentum, fit: { proximal: 0.5 } },
  "proximal clip adam": {
    optimizer: adam({ learningRate: 0.05 }),
    clipping: { norm: 0.3 },
    fit: { proximal: 2 },
  },
};

const { trainings } = TORCH;

function toTensor({ shape, values }: Recorded): Tensor {
  return tensor("float32", shape, Float32Array.from(values));
}

function trainingModel({ optimizer, clipping }: Training): Model {
  const model = new Model({
    network: sequential(dense({ in: 3, out: 4 }), tanh(), dense({ out: 2 })),
    input: { shape: [3], dtype: "float32" },
    loss: meanSquaredError(),
    optimizer,
    clipping,
    batchSize: trainings.batch,
    createEngine: () => LocalEngine.create(1),
  });
  model.setParameters(
    new Map(Object.entries(trainings.start).map(([name, value]) => [name, toTensor(value!)])),
  );
  return model;
}

const data = { x: toTensor(trainings.x), y: toTensor(trainings.y) };

function assertRecorded(model: Model, name: string): void {
  const { after } = trainings.cases.find((recorded) => recorded.name === name)!;
  for (const [parameter, { shape, data }] of model.getParameters()) {
    const got = { shape, data: Float64Array.from(data as Float32Array) };
    assertClose(got, toNdArray(after[parameter]!), 2e-6, `${name}: ${parameter}`);
  }
}

Deno.test("every recorded training has one of ours", () => {
  assert.deepEqual(trainings.cases.map(({ name }) => name), Object.keys(TRAININGS));
});

for (const [name, training] of Object.entries(TRAININGS)) {
  Deno.test(`${name}: twelve steps end where PyTorch's end`, async () => {
    await using model = trainingModel(training);
    await model.fit(data, { epochs: trainings.epochs, shuffle: false, ...training.fit });
    assertRecorded(model, name);
  });
}

for (const name of ["sgd momentum", "adam", "rmsprop momentum decay"]) {
  Deno.test(`${name}: fits that keep the optimiser's state are one training`, async () => {
    await using model = trainingModel(TRAININGS[name]!);
    for (let epoch = 0; epoch < trainings.epochs; epoch++) {
      await model.fit(data, { shuffle: false, optimizerState: "keep" });
    }
    assertRecorded(model, name);
  });
}
