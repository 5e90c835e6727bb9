import assert from "node:assert/strict";
import type { FlwrError } from "../../base/error.ts";
import { RdpAccountant } from "../../privacy/accounting/accountant.ts";
import { tensor } from "../../tensor/tensor.ts";
import * as ops from "../ops.ts";
import { relu } from "../nn/activation.ts";
import { adam } from "../nn/adam.ts";
import { batchNorm } from "../nn/batch_norm.ts";
import { conv2d } from "../nn/convolution.ts";
import { dense } from "../nn/dense.ts";
import { dropout } from "../nn/dropout.ts";
import { type Layer, layer } from "../nn/layer.ts";
import { crossEntropy } from "../nn/loss.ts";
import { rmsprop } from "../nn/rmsprop.ts";
import { linearDecay } from "../nn/schedule.ts";
import { sequential } from "../nn/sequential.ts";
import { sgd } from "../nn/sgd.ts";
import { flatten } from "../nn/shaping.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { type DpSgd, dpSgd, type DpSgdOptions } from "../step/dp_sgd.ts";
import { Model } from "./model.ts";
import { dataOf, errorWith, MLP, modelOf } from "./testing/private_cases.ts";

const MIXING: Readonly<Record<string, { readonly layer: Layer; readonly named: RegExp }>> = {
  "batch norm": { layer: batchNorm(), named: /running_mean/ },
  "a mean over the batch": {
    layer: layer("centred", (x) => ops.sub(x, ops.reduceMean(x, { axes: [0], keep: true }))),
    named: /reduceSum/,
  },
};
for (const [name, { layer, named }] of Object.entries(MIXING)) {
  for (const batchSize of [1, 4]) {
    Deno.test(`dpSgd: ${name} is refused with a batch size of ${batchSize}`, async () => {
      const network = sequential(dense({ out: 4 }), layer, dense({ out: 3 }));
      await using model = modelOf({ ...MLP, network }, batchSize);
      const before = model.getParameters();
      const privacy = dpSgd({ clip: 1, noiseMultiplier: 1 });
      await assert.rejects(model.fit(dataOf(MLP), { privacy }), (error) => {
        assert.ok(errorWith("invalid-argument", named)(error));
        assert.match((error as FlwrError).hints.join(), /groupNorm/);
        return true;
      });
      assert.equal(model.getParameters(), before);
    });
  }
}

Deno.test("dpSgd: dropout, augmentation, weights, schedules and every optimiser train", async () => {
  const network = sequential(
    conv2d({ out: 4, kernel: 3 }),
    dropout(0.3),
    relu(),
    flatten(),
    dense({ out: 2 }),
  );
  for (const optimizer of [sgd({ learningRate: 0.1, momentum: 0.9 }), adam(), rmsprop()]) {
    await using model = new Model({
      network,
      input: { shape: [1, 6, 6], dtype: "float32", augment: { crop: 1, horizontalFlip: true } },
      loss: crossEntropy(),
      optimizer,
      batchSize: 8,
      createEngine: () => LocalEngine.create(1),
    });
    const count = 40;
    const y = Int32Array.from({ length: count }, (_, i) => i % 2);
    const x = Float32Array.from({ length: count * 36 }, (_, i) => y[Math.floor(i / 36)]! * 2 - 1);
    const { losses } = await model.fit({
      x: tensor("float32", [count, 1, 6, 6], x),
      y: tensor("int32", [count], y),
      weights: tensor("float32", [count], new Float32Array(count).fill(2)),
    }, {
      epochs: 30,
      schedule: linearDecay(),
      proximal: 0.001,
      correction: new Map([["4.bias", tensor("float32", [2], Float32Array.of(0.01, -0.01))]]),
      privacy: dpSgd({ clip: 1, noiseMultiplier: 0.3, seedForTests: 1 }),
    });
    assert.ok(
      losses.at(-1)! < losses[0]! / 2,
      `${optimizer.kind}: ${losses[0]} to ${losses.at(-1)}`,
    );
  }
});

Deno.test("dpSgd: options out of range, unknown ones, and those that do not go together are refused", async () => {
  const valid = { clip: 1, noiseMultiplier: 1 };
  const config = { targetDelta: 1e-5, populationSize: 6 };
  const wrong: readonly (readonly [string, object])[] = [
    ...[0, -1, NaN, Infinity, "1", undefined].map((clip) => ["clip", { ...valid, clip }] as const),
    ...[-1, NaN, Infinity, undefined]
      .map((noiseMultiplier) => ["noiseMultiplier", { ...valid, noiseMultiplier }] as const),
    ...[0, 1, -1, NaN].map((delta) => ["delta", { ...valid, delta }] as const),
    ["seedForTests", { ...valid, seedForTests: 0.5 }],
    ["seed", { ...valid, seed: 1 }],
    ["max_grad_norm", { ...valid, max_grad_norm: 1 }],
    ["samplingMethod", { ...valid, accountant: new RdpAccountant(config) }],
    ["accountant", { ...valid, accountant: config }],
    ["noiseMultiplier", {
      clip: 1,
      noiseMultiplier: 0,
      accountant: new RdpAccountant({ ...config, samplingMethod: "poisson" }),
    }],
  ];
  for (const [name, options] of wrong) {
    assert.throws(
      () => dpSgd(options as DpSgdOptions),
      errorWith("invalid-argument", new RegExp(name)),
    );
  }
  await using model = modelOf(MLP, 2);
  const privacy = dpSgd(valid);
  for (const options of [{ seed: 1 }, { shuffle: false }, { shuffle: true }]) {
    await assert.rejects(
      model.fit(dataOf(MLP), { privacy, ...options }),
      errorWith("invalid-argument", new RegExp(Object.keys(options)[0]!)),
    );
  }
  const bare = { ...valid, kind: "other" } as unknown as DpSgd;
  await assert.rejects(model.fit(dataOf(MLP), { privacy: bare }), errorWith("invalid-argument"));
  const asStep: object = { privacy };
  await assert.rejects(
    model.trainStep(dataOf(MLP), asStep),
    errorWith("invalid-argument", /trainStep/),
  );
});
