import assert from "node:assert/strict";
import { onnxNetwork } from "../../../ml/import/network.ts";
import {
  adam,
  conv2d,
  crossEntropy,
  diceLoss,
  type Layer,
  layer,
  type Loss,
  maxPool2d,
  Model,
  ops,
  relu,
  sequential,
  upsample2d,
  type UpsampleOptions,
} from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { difference, runFile } from "../import/onnx_file.ts";

const [EXAMPLES, SIDE] = [24, 8];

/** Noise with a brighter square somewhere, and masks of 1 where it is. */
function squares() {
  const x = new Uint8Array(EXAMPLES * SIDE * SIDE);
  const y = new Uint8Array(x.length);
  for (let example = 0; example < EXAMPLES; example++) {
    const [top, left, size] = [example % 4, example % 5, 3 + example % 2];
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      const [row, column] = [Math.floor(pixel / SIDE) - top, pixel % SIDE - left];
      const inside = row >= 0 && row < size && column >= 0 && column < size;
      const at = example * SIDE * SIDE + pixel;
      x[at] = (inside ? 170 : 40) + at * 7919 % 60;
      y[at] = inside ? 1 : 0;
    }
  }
  return {
    x: tensor("uint8", [EXAMPLES, 1, SIDE, SIDE], x),
    y: tensor("uint8", [EXAMPLES, SIDE, SIDE], y),
  };
}

function unet(out: number, options: UpsampleOptions): Layer {
  const conv = (channels: number) => conv2d({ out: channels, kernel: 3, padding: 1 });
  const down = sequential(conv(6), relu());
  const deep = sequential(maxPool2d(2), conv(8), relu(), upsample2d(options));
  const end = conv(out);
  return layer("unet", (x, scope) => {
    const seen = scope.apply(down, x, "down");
    return scope.apply(end, ops.concat([seen, scope.apply(deep, seen, "deep")], 1), "end");
  });
}

function modelOf(network: Layer, loss: Loss): Model {
  return new Model({
    network,
    input: { shape: [1, SIDE, SIDE], normalize: { mean: 0.5, deviation: 0.5 } },
    loss,
    optimizer: adam({ learningRate: 0.02 }),
    batchSize: 8,
    createEngine: () => LocalEngine.create(1),
  });
}

const CASES: readonly (readonly [string, number, UpsampleOptions, Loss])[] = [
  ["masks", 1, {}, diceLoss()],
  ["classes", 2, { mode: "bilinear" }, diceLoss({ of: "classes", axis: 1 })],
  [
    "cross-entropy of pixels",
    2,
    { size: SIDE, mode: "bilinear", alignCorners: true },
    crossEntropy({ axis: 1 }),
  ],
];

for (const [name, out, options, loss] of CASES) {
  Deno.test(`segmentation by ${name}: a small U-Net learns, is exported and read again`, async () => {
    const data = squares();
    await using model = modelOf(unet(out, options), loss);
    const before = await model.evaluate(data);
    await model.fit(data, { epochs: 20, seed: 1 });
    const after = await model.evaluate(data);
    assert.ok(after.loss < before.loss / 2, `${before.loss} → ${after.loss}`);
    assert.ok(after.accuracy > 0.9, `${after.accuracy}`);

    const file = model.export({ normalization: "outside" });
    const network = onnxNetwork(file);
    await using again = modelOf(network, loss);
    assert.deepEqual(again.getParameters(), model.getParameters());
    assert.ok(difference(await again.predict(data.x), await model.predict(data.x)) < 1e-4);
    assert.ok(Math.abs((await again.evaluate(data)).loss - after.loss) < 1e-4);

    await using engine = await LocalEngine.create(1);
    const three = tensor("uint8", [3, 1, SIDE, SIDE], data.x.data.slice(0, 3 * SIDE * SIDE));
    const got = await runFile(engine, model.export(), { input: three }, "output");
    assert.ok(difference(got, await model.predict(three)) < 1e-4);
  });
}

Deno.test("labels of pixels for classes at the end are refused with the axis to set", () => {
  const model = modelOf(unet(2, {}), crossEntropy());
  return assert.rejects(model.fit(squares()), (error: { hints?: readonly string[] }) => {
    assert.ok(error.hints?.some((hint) => hint.includes("axis: 1")), String(error));
    return true;
  });
});
