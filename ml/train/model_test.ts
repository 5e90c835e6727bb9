import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { conv2d } from "../nn/convolution.ts";
import { dense } from "../nn/dense.ts";
import { flatten } from "../nn/shaping.ts";
import { sequential } from "../nn/sequential.ts";
import { type Compute, computingWith } from "../engine/compute.ts";
import type { Device } from "../engine/device.ts";
import type { EngineCompute } from "../engine/engine.ts";
import { LocalEngine } from "../session/local_engine.ts";
import type { FitOptions, Progress } from "./fit_options.ts";
import type { Model } from "./model.ts";
import type { ModelOptions } from "./model_options.ts";
import { pointModel, points } from "./testing/point_model.ts";

function isError(code: string, pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof FlwrError);
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  };
}

Deno.test("a model learns, and predicts what it learned", async () => {
  await using model = pointModel();
  const data = points(500);
  const before = await model.evaluate(data);
  const { losses, steps, examples } = await model.fit(data, { epochs: 20, seed: 1 });
  assert.equal(losses.length, 20);
  assert.equal(steps, 20 * Math.ceil(500 / 32));
  assert.equal(examples, 20 * 500);
  const after = await model.evaluate(data);
  assert.ok(after.accuracy > 0.95 && after.accuracy > before.accuracy, `${after.accuracy}`);
  assert.ok(Math.abs(after.lossSum - after.loss * 500) < 1e-3);

  const logits = await model.predict(data.x);
  assert.deepEqual(logits.shape, [500, 2]);
  const right = Array.from(data.y.data as Uint8Array).filter((label, i) =>
    Number(logits.data[2 * i + 1]! > logits.data[2 * i]!) === label
  );
  assert.equal(right.length / 500, after.accuracy);
});

Deno.test("the same seed gives the same result, another seed another one", async () => {
  const train = async (options: Partial<ModelOptions>, seed?: number) => {
    await using model = pointModel(options);
    await model.fit(points(100), { seed });
    return [...model.getParameters().values()].map(({ data }) => [...data as Float32Array]);
  };
  assert.deepEqual(await train({ seed: 1 }, 5), await train({ seed: 1 }, 5));
  assert.notDeepEqual(await train({ seed: 1 }, 5), await train({ seed: 2 }, 5));
  assert.notDeepEqual(await train({ seed: 1 }, 5), await train({ seed: 1 }, 6));
  const random = () => ({ random: seededRandom(7) });
  assert.deepEqual(await train(random()), await train(random()), "drawn from the injected source");
  assert.notDeepEqual(await train({}), await train({}), "a different order without a seed");
});

Deno.test("without a seed, each fit has a different order of examples", async () => {
  await using model = pointModel();
  const start = model.getParameters();
  const fit = async () => {
    model.setParameters(start);
    await model.fit(points(100));
    return model.getParameters();
  };
  assert.notDeepEqual(await fit(), await fit());
});

Deno.test("a seed that is not an integer is refused", async () => {
  assert.throws(() => pointModel({ seed: 0.5 }), isError("invalid-argument", /"seed".*got 0.5/));
  await using model = pointModel();
  await assert.rejects(
    model.fit(points(4), { seed: NaN }),
    isError("invalid-argument", /"seed".*got NaN/),
  );
});

Deno.test("parameters can be copied between models, by name and by order", async () => {
  await using first = pointModel({ seed: 1 });
  await using second = pointModel({ seed: 2 });
  assert.deepEqual([...first.getParameters().keys()], [
    "0.weight",
    "0.bias",
    "head.weight",
    "head.bias",
  ]);
  await first.fit(points(100));
  const expected = await first.evaluate(points(100));
  second.setParameters(first.getParameters());
  assert.deepEqual(await second.evaluate(points(100)), expected);
  second.setParameters([...first.getParameters().values()].reverse().reverse());
  assert.deepEqual(await second.evaluate(points(100)), expected);
});

Deno.test("parameters that do not fit are refused by name and shapes", () => {
  const model = pointModel();
  const given = new Map(model.getParameters());
  given.set("head.bias", tensor("float32", [3], new Float32Array(3)));
  assert.throws(
    () => model.setParameters(given),
    isError("invalid-argument", /"head.bias" must be float32 \[2\]: got float32 \[3\]/),
  );
  given.delete("head.bias");
  assert.throws(() => model.setParameters(given), isError("invalid-argument", /has 4 .*: got 3/));
  assert.throws(() => model.setParameters([]), isError("invalid-argument", /has 4 .*: got 0/));
});

Deno.test("real numbers of another dtype are rounded, as from Python's adaptive strategies", async () => {
  await using model = pointModel({ seed: 1 });
  const start = model.getParameters();
  const wide = new Map(
    [...start].map(([name, { shape, data }]) => [
      name,
      tensor("float64", shape, Float64Array.from(data as Float32Array, (x) => x * (1 + 2 ** -40))),
    ]),
  );
  model.setParameters(wide);
  for (const [name, { dtype, data }] of model.getParameters()) {
    assert.equal(dtype, "float32");
    assert.deepEqual(data, Float32Array.from(wide.get(name)!.data as Float64Array));
  }
  // Proximal parameters are converted as well, and so are parameters stored in fewer bits.
  const proximal = { strength: 0.5, to: wide };
  const data = points(100);
  const fit = async (proximal: FitOptions["proximal"]) => {
    model.setParameters(start);
    await model.fit(data, { seed: 1, proximal });
    return model.getParameters();
  };
  assert.deepEqual(await fit(proximal), await fit({ strength: 0.5, to: start }));
  await using half = pointModel({ seed: 1, parameterType: "float16" });
  half.setParameters(wide);
  assert.equal(half.getParameters().get("0.weight")!.dtype, "float16");
});

Deno.test("numbers that the parameter's dtype cannot hold are refused, after the conversion", () => {
  const refused = (
    options: Partial<ModelOptions>,
    dtype: "float32" | "float64",
    numbers: number[],
    says: RegExp,
  ) => {
    const model = pointModel(options);
    const given = new Map(model.getParameters());
    const data = dtype === "float64" ? Float64Array.from(numbers) : Float32Array.from(numbers);
    given.set("head.bias", tensor(dtype, [2], data as Float64Array));
    const before = model.getParameters();
    assert.throws(() => model.setParameters(given), isError("invalid-argument", says));
    assert.equal(model.getParameters(), before, "nothing is set");
  };
  refused({}, "float64", [0, 1e39], /"head.bias" .*float32: .*float64 with 1e\+39/);
  refused({}, "float64", [NaN, 0], /"head.bias" .*float32: .*float64 with NaN/);
  refused({ parameterType: "float16" }, "float32", [70_000, 0], /float16: .*float32 with 70000/);
  refused({ parameterType: "float16" }, "float64", [0, -1e5], /float16: .*float64 with -100000/);
});

Deno.test("a layer that does not fit is named with both shapes", () => {
  const network = sequential(
    conv2d({ name: "conv1", in: 3, out: 4, kernel: 3 }),
    flatten(),
    dense({ name: "fc1", in: 100, out: 2 }),
  );
  assert.throws(
    () => pointModel({ network, input: { shape: [3, 8, 8] } }),
    isError("invalid-argument", /^Layer "fc1" \(dense\): .*\[batch, …, 100\]: got \[1, 144\]/),
  );
});

Deno.test("data that do not fit are refused", async () => {
  await using model = pointModel();
  const { x, y } = points(4);
  const wide = tensor("float32", [4, 3], new Float32Array(12));
  await assert.rejects(
    model.fit({ x: wide, y }),
    isError("invalid-argument", /float32 \[examples, 2\]: got float32 \[4, 3\]/),
  );
  await assert.rejects(
    model.fit({ x, y: points(5).y }),
    isError("invalid-argument", /number of examples: got \[4, 2\] and \[5\]/),
  );
  const labels: Tensor[] = [tensor("uint8", [4], Uint8Array.of(0, 1, 2, 0))];
  labels.push(tensor("int64", [4], BigInt64Array.of(0n, 1n, -1n, 0n)));
  for (const y of labels) {
    const wrong = isError(
      "invalid-argument",
      /has 2 classes: targets must be from 0 to 1: got (2|-1) for example 2$/,
    );
    await assert.rejects(model.fit({ x, y }), wrong);
    await assert.rejects(model.evaluate({ x, y }), wrong);
  }
});

Deno.test("a loss of NaN ends the fit with an error that has step and learning rate", async () => {
  await using model = pointModel();
  const before = new Map(model.getParameters());
  await assert.rejects(
    model.fit(points(100), { learningRate: 1e30 }),
    isError("failed-precondition", /in step \d+ \(epoch 1\), learning rate 1e\+30/),
  );
  assert.deepEqual(model.getParameters(), before);
  assert.ok(
    Number.isFinite((await model.evaluate(points(100))).loss),
    "the parameters are those before the fit",
  );
});

Deno.test("an aborted fit leaves the parameters as they were", async () => {
  await using model = pointModel();
  const before = new Map(model.getParameters());
  const abort = new AbortController();
  const fit = model.fit(points(1000), {
    epochs: 1000,
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  await assert.rejects(fit, isError("cancelled", /cancelled/));
  assert.deepEqual(model.getParameters(), before);
});

Deno.test("progress is reported and can end the fit", async () => {
  await using model = pointModel();
  const reports: Progress[] = [];
  const { steps, examples, losses } = await model.fit(points(1000), {
    epochs: 3,
    onProgress: (progress) => {
      reports.push(progress);
      return progress.epoch === 2 ? "stop" : undefined;
    },
  });
  assert.ok(steps < 3 * 32, `stopped after ${steps} steps`);
  assert.ok(examples <= 32 * steps);
  assert.equal(losses.length, 2);
  assert.ok(reports.at(-1)!.step <= steps, "counts steps that were already running");
  assert.equal(reports[0]!.steps, 3 * 32);
  assert.ok(reports.every(({ loss }) => Number.isFinite(loss)));
});

Deno.test("the optimiser starts afresh in each fit unless its state is kept", async () => {
  const train = async (optimizerState: "fresh" | "keep") => {
    await using model = pointModel();
    await model.fit(points(32), { shuffle: false });
    await model.fit(points(32), { shuffle: false, optimizerState });
    return model.getParameters().get("head.bias")!.data[0];
  };
  assert.notEqual(await train("fresh"), await train("keep"));
});

Deno.test("concurrent calls are refused", async () => {
  await using model = pointModel();
  const first = model.fit(points(100));
  await assert.rejects(model.evaluate(points(100)), isError("failed-precondition", /busy/));
  await first;
});

Deno.test("the worker thread computes what the calling thread computes", async () => {
  await using here = pointModel();
  await using there = pointModel({ createEngine: undefined });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await there.fit(points(1000), { epochs: 20, seed: 1 });
  clearInterval(timer);
  await here.fit(points(1000), { epochs: 20, seed: 1 });
  assert.ok(ticks > 0, "the event loop was not blocked");
  assert.deepEqual(there.getParameters(), here.getParameters());
});

/** The resources of an NVIDIA GPU with three threads, simulated by the calling thread. */
function fakeCompute() {
  const asked: EngineCompute[] = [];
  let computing = 0;
  const compute: Compute = {
    device: "cuda",
    startEngine: (given) => {
      asked.push(given);
      return LocalEngine.create(1);
    },
    register: (threads = 3) => {
      computing += 1;
      return { threads: () => threads, [Symbol.dispose]: () => computing -= 1 };
    },
  };
  return { compute, asked, computing: () => computing };
}

/** A model that does not set how its engine starts. */
const ordinaryModel = (options: Partial<ModelOptions> = {}) =>
  pointModel({ createEngine: undefined, ...options });

Deno.test("threads and device come from the model's options, or else from its app's compute", async () => {
  const { compute, asked, computing } = fakeCompute();
  const evaluated = async (model: Model) => {
    await model.evaluate(points(4));
    await model[Symbol.asyncDispose]();
    return asked.pop();
  };
  const own = { threads: 2, device: "webgpu" } as const;
  assert.deepEqual(await evaluated(ordinaryModel({ compute })), { threads: 3, device: "cuda" });
  assert.deepEqual(await evaluated(ordinaryModel({ compute, ...own })), own);
  const inApp = computingWith(compute, () => ordinaryModel());
  assert.deepEqual(await evaluated(inApp), { threads: 3, device: "cuda" });
  assert.equal(computing(), 0);
});

Deno.test("a model uses the compute of the app that created it, even if another app calls it", async () => {
  const [first, second] = [fakeCompute(), fakeCompute()];
  const make = async (compute: Compute) => {
    await new Promise((resolve) => setTimeout(resolve));
    return await computingWith(compute, async () => {
      await new Promise((resolve) => setTimeout(resolve));
      return ordinaryModel();
    });
  };
  const models = await Promise.all([make(first.compute), make(second.compute)]);
  await Promise.all(models.map((model) => model.evaluate(points(4))));
  assert.deepEqual([first.asked.length, second.asked.length], [1, 1]);
  await Promise.all(models.map((model) => model[Symbol.asyncDispose]()));
});

Deno.test("outside of apps a model computes on this machine's CPU", async () => {
  await using model = ordinaryModel();
  const { loss } = await model.evaluate(points(4));
  assert.ok(Number.isFinite(loss));
});

Deno.test("an invalid number of threads is refused", () => {
  for (const threads of [0, -1, 1.5, NaN]) {
    assert.throws(() => pointModel({ threads }), isError("invalid-argument", /"threads"/));
  }
});

Deno.test("a device that does not exist is refused", () => {
  assert.throws(
    () => pointModel({ device: "tpu" as Device }),
    isError("invalid-argument", /"device" must be one of cpu, webgpu, cuda: got tpu/),
  );
});
