import assert from "node:assert/strict";
import { seededRandom } from "../../base/random.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { onnxNetwork } from "../import/network.ts";
import { batchNorm } from "../nn/batch_norm.ts";
import { dense } from "../nn/dense.ts";
import { crossEntropy } from "../nn/loss.ts";
import { sequential } from "../nn/sequential.ts";
import { sgd } from "../nn/sgd.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { Model } from "./model.ts";
import type { ModelOptions } from "./model_options.ts";

const random = seededRandom(3);
const EXAMPLES = 40;
const halves = Float16Array.from({ length: EXAMPLES * 6 }, () => random.uniform() * 2 - 1);
const x = tensor("float16", [EXAMPLES, 6], halves);
const y = tensor("uint8", [EXAMPLES], Uint8Array.from({ length: EXAMPLES }, (_, i) => i % 3));

function modelOf(options: Partial<ModelOptions> = {}): Model {
  return new Model({
    network: sequential(dense({ out: 8 }), batchNorm(), dense({ out: 3 })),
    input: { shape: [6], dtype: "float16" },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 1e-4, momentum: 0.9 }),
    batchSize: 8,
    createEngine: () => LocalEngine.create(1),
    ...options,
  });
}

const rounded = (value: Tensor): Tensor =>
  value.dtype === "float32"
    ? tensor("float16", value.shape, new Float16Array(value.data as Float32Array))
    : value;
const widened = (value: Tensor): Tensor =>
  value.dtype === "float16"
    ? tensor("float32", value.shape, new Float32Array(value.data as Float16Array))
    : value;
const whole = (value: Tensor): Tensor =>
  value.dtype === "float16"
    ? tensor("int32", value.shape, Int32Array.from(value.data as Float16Array))
    : value;
const mapped = (parameters: ReadonlyMap<string, Tensor>, change: (value: Tensor) => Tensor) =>
  new Map([...parameters].map(([name, value]) => [name, change(value)]));

Deno.test("a data set of float16 gives what the same numbers give in float32", async () => {
  await using half = modelOf();
  await using full = modelOf({ input: { shape: [6], dtype: "float32" } });
  await half.fit({ x, y }, { epochs: 2, seed: 1 });
  await full.fit({ x: widened(x), y }, { epochs: 2, seed: 1 });
  assert.deepEqual(half.getParameters(), full.getParameters());
});

Deno.test("parameters kept in float16 are trained in float32 and rounded at a fit's end", async () => {
  await using half = modelOf({ parameterType: "float16" });
  await using full = modelOf();
  const start = half.getParameters();
  assert.deepEqual(start, mapped(full.getParameters(), rounded));
  assert.equal(start.get("1.num_batches_tracked")!.dtype, "int64", "counters stay integers");
  full.setParameters(mapped(start, widened));
  for (const model of [half, full]) await model.fit({ x, y }, { epochs: 20, seed: 1 });
  assert.deepEqual(half.getParameters(), mapped(full.getParameters(), rounded));
  assert.notDeepEqual(half.getParameters().get("0.weight"), start.get("0.weight"));
});

Deno.test("evaluation, export and messages use the same parameters", async () => {
  await using half = modelOf({ parameterType: "float16" });
  await half.fit({ x, y }, { epochs: 3, seed: 1 });
  const evaluation = await half.evaluate({ x, y });
  await using again = modelOf({ parameterType: "float16", seed: 9 });
  again.setParameters(half.getParameters());
  assert.deepEqual(await again.evaluate({ x, y }), evaluation);
  await using file = modelOf({ network: onnxNetwork(half.export({ normalization: "outside" })) });
  assert.deepEqual(
    file.getParameters().get("0.weight"),
    widened(half.getParameters().get("0.weight")!),
  );
});

Deno.test("a fit is pulled towards global parameters in float16", async () => {
  await using model = modelOf({ parameterType: "float16" });
  const to = model.getParameters();
  const { losses } = await model.fit({ x, y }, {
    epochs: 2,
    seed: 1,
    proximal: { strength: 1, to },
  });
  assert.ok(losses.every(Number.isFinite));
  await assert.rejects(
    model.fit({ x, y }, { proximal: { strength: 1, to: mapped(to, whole) } }),
    /"0.weight" must be float16 \[8, 6\]: got int32/,
  );
});

Deno.test("refused: parameters of another type, too large for float16, and bfloat16", async () => {
  await using model = modelOf({ parameterType: "float16" });
  const start = model.getParameters();
  assert.throws(
    () => model.setParameters(mapped(start, whole)),
    /must be float16 \[8, 6\]: got int32/,
  );
  // Real numbers of another dtype are rounded to it.
  model.setParameters(mapped(start, widened));
  assert.deepEqual(model.getParameters(), start);
  const counters = new Map(start);
  counters.set("1.num_batches_tracked", tensor("float64", [], Float64Array.of(2 ** 63)));
  assert.throws(
    () => model.setParameters(counters),
    /"1.num_batches_tracked" does not fit into int64: .* 9223372036854776000/,
  );
  assert.throws(() => modelOf({ parameterType: "bfloat16" as "float16" }), {
    code: "invalid-argument",
    message: /one of float32, float16: got bfloat16/,
  });
  const huge = (_: unknown, shape: readonly number[]) =>
    tensor("float32", shape, new Float32Array(24).fill(1e5));
  assert.throws(
    () =>
      modelOf({
        network: sequential(dense({ name: "fc", out: 4, initializer: huge, bias: false })),
        parameterType: "float16",
      }),
    /"fc.weight" is too large for float16: it has 100000/,
  );
});
