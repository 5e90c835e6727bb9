import assert from "node:assert/strict";
import { seededRandom } from "../../../base/random.ts";
import {
  adam,
  adamW,
  batchNorm,
  conv2d,
  cosineDecay,
  crossEntropy,
  dense,
  embedding,
  globalAvgPool,
  type Layer,
  layer,
  Model,
  ops,
  positionEmbedding,
  relu,
  sequential,
  sequentialWith,
  transformerEncoder,
  warmUp,
} from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { tensor } from "../../../tensor/tensor.ts";

const createEngine = () => LocalEngine.create(1);

/** A basic block of a ResNet (He et al., 2016), with torchvision's names. */
function basicBlock(name: string, out: number, stride: number): Layer {
  return layer("basicBlock", (x, scope) => {
    const part = (inner: Layer, value = x) => scope.apply(inner, value);
    const conv = (name: string, stride: number) =>
      conv2d({ name, out, kernel: 3, padding: 1, stride, bias: false });
    const first = ops.relu(part(batchNorm({ name: "bn1" }), part(conv("conv1", stride))));
    const second = part(batchNorm({ name: "bn2" }), part(conv("conv2", 1), first));
    const shortcut = sequentialWith(
      { name: "downsample" },
      conv2d({ out, kernel: 1, stride, bias: false }),
      batchNorm(),
    );
    const around = stride === 1 && x.shape[1] === out ? x : part(shortcut);
    return ops.relu(ops.add(second, around));
  }, { name });
}

/** Images with a bar somewhere that lies, stands, or leans either way; the class is how. */
function bars(count: number, seed: number) {
  const random = seededRandom(seed);
  const whole = (below: number) => Math.floor(below * random.uniform());
  const x = new Uint8Array(count * 144);
  const y = new Uint8Array(count);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < 144; i++) x[n * 144 + i] = whole(110);
    const kind = y[n] = whole(4);
    const [down, right] = [[0, 1], [1, 0], [1, 1], [1, -1]][kind]!;
    const [top, left] = [whole(8), whole(8) + (right! < 0 ? 4 : 0)];
    for (let i = 0; i < 5; i++) x[n * 144 + (top + i * down!) * 12 + left + i * right!]! += 120;
  }
  return { x: tensor("uint8", [count, 1, 12, 12], x), y: tensor("uint8", [count], y) };
}

Deno.test("a small ResNet learns how a bar lies", async () => {
  await using model = new Model({
    network: sequential(
      conv2d({ name: "conv1", out: 8, kernel: 3, padding: 1, bias: false }),
      batchNorm({ name: "bn1" }),
      relu(),
      basicBlock("layer1", 8, 1),
      basicBlock("layer2", 16, 2),
      globalAvgPool(),
      dense({ name: "fc", out: 4 }),
    ),
    input: { shape: [1, 12, 12], normalize: { mean: 0.25, deviation: 0.25 } },
    loss: crossEntropy({ labelSmoothing: 0.05 }),
    optimizer: adam({ learningRate: 0.01 }),
    createEngine,
  });
  const norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
  const names = [...model.getParameters().keys()].filter((name) => name.startsWith("layer2."));
  assert.deepEqual(names.map((name) => name.slice("layer2.".length)), [
    "conv1.weight",
    ...norm.map((part) => `bn1.${part}`),
    "conv2.weight",
    ...norm.map((part) => `bn2.${part}`),
    "downsample.0.weight",
    ...norm.map((part) => `downsample.1.${part}`),
  ]);
  const { losses } = await model.fit(bars(800, 1), { epochs: 6, seed: 0, schedule: cosineDecay() });
  const { accuracy } = await model.evaluate(bars(300, 2));
  assert.ok(accuracy > 0.95, `unseen bars: ${accuracy}, losses ${losses}`);
});

const LENGTH = 10;
const TOKENS = 8;

/** Sequences with a mark before one token; the class is that token, so positions must look at each other. */
function marked(count: number, seed: number) {
  const random = seededRandom(seed);
  const whole = (below: number) => Math.floor(below * random.uniform());
  const x = Int32Array.from({ length: count * LENGTH }, () => 1 + whole(TOKENS));
  const y = Int32Array.from({ length: count }, (_, n) => {
    const at = n * LENGTH + whole(LENGTH - 1);
    x[at] = 0;
    return x[at + 1]! - 1;
  });
  return { x: tensor("int32", [count, LENGTH], x), y: tensor("int32", [count], y) };
}

Deno.test("a small transformer learns which token follows the mark", async () => {
  const encoder = () =>
    transformerEncoder({ heads: 4, feedForward: 64, dropout: 0.05, normFirst: true });
  await using model = new Model({
    network: sequential(
      embedding({ tokens: TOKENS + 1, width: 32 }),
      positionEmbedding(),
      encoder(),
      encoder(),
      layer("mean", (x) => ops.reduceMean(x, { axes: [1] })),
      dense({ name: "head", out: TOKENS }),
    ),
    input: { shape: [LENGTH], dtype: "int32" },
    loss: crossEntropy(),
    optimizer: adamW({ learningRate: 0.003 }),
    clipping: { norm: 1 },
    createEngine,
  });
  const { losses } = await model.fit(marked(2000, 1), {
    seed: 0,
    epochs: 12,
    schedule: warmUp(60, cosineDecay()),
  });
  const { accuracy } = await model.evaluate(marked(400, 2));
  assert.ok(accuracy > 0.95, `unseen sequences: ${accuracy}, losses ${losses}`);
});
