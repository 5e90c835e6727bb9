import assert from "node:assert/strict";
import { seededRandom } from "../../base/random.ts";
import { tensor } from "../../tensor/tensor.ts";
import { PLAIN } from "../lower/passes.ts";
import { relu } from "../nn/activation.ts";
import { conv2d } from "../nn/convolution.ts";
import { dense } from "../nn/dense.ts";
import { crossEntropy } from "../nn/loss.ts";
import { maxPool2d } from "../nn/pooling.ts";
import { sequential } from "../nn/sequential.ts";
import { sgd } from "../nn/sgd.ts";
import { flatten } from "../nn/shaping.ts";
import { requireSelfContained } from "../onnx/self_contained.ts";
import { LocalEngine } from "../session/local_engine.ts";
import type { Dataset } from "../../tensor/dataset.ts";
import { Model } from "./model.ts";
import type { ModelOptions } from "./model_options.ts";

/** More than one batch, and a smaller last one. */
const EXAMPLES = 45;

function images(): Dataset {
  const random = seededRandom(3);
  const byte = (below: number) => () => Math.floor(below * random.uniform());
  const pixels = Uint8Array.from({ length: EXAMPLES * 3 * 16 * 16 }, byte(256));
  const labels = Uint8Array.from({ length: EXAMPLES }, byte(10));
  return {
    x: tensor("uint8", [EXAMPLES, 3, 16, 16], pixels),
    y: tensor("uint8", [EXAMPLES], labels),
  };
}

/** An engine with the restrictions of a sandbox's. */
async function guardedEngine(): Promise<LocalEngine> {
  const engine = await LocalEngine.create(1);
  const load = engine.load.bind(engine);
  engine.load = (key, model) => load(key, requireSelfContained(model));
  return engine;
}

/**
 * Convolutions under pools: with filters that fill no whole block and with one block, windows of 2 × 2 and of 3 × 3.
 */
function pools(options: Partial<ModelOptions>): Model {
  return new Model({
    network: sequential(
      conv2d({ out: 6, kernel: 3, padding: 1 }),
      relu(),
      maxPool2d(2),
      conv2d({ out: 16, kernel: 3, padding: 1 }),
      maxPool2d(3, { stride: 2 }),
      flatten(),
      dense({ out: 10 }),
    ),
    input: { shape: [3, 16, 16], normalize: { mean: 0.5, deviation: 0.5 } },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    createEngine: guardedEngine,
    ...options,
  });
}

Deno.test("a network with pools is evaluated and predicts as its plain graph does", async () => {
  const data = images();
  await using fast = pools({});
  await using plain = pools({ optimizations: PLAIN });
  await fast.fit(data, { seed: 1 });
  plain.setParameters(fast.getParameters());
  const [got, expected] = [await fast.evaluate(data), await plain.evaluate(data)];
  assert.ok(Math.abs(got.loss - expected.loss) <= 1e-5 * expected.loss, `${got.loss}`);
  assert.equal(got.accuracy, expected.accuracy);
  const [fastRows, plainRows] = [await fast.predict(data.x), await plain.predict(data.x)];
  plainRows.data.forEach((value, i) => {
    const error = Math.abs(fastRows.data[i]! - value);
    assert.ok(error <= 1e-4 * (1 + Math.abs(value)), `[${i}]: ${fastRows.data[i]}, not ${value}`);
  });
});
