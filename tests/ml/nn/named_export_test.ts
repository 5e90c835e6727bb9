import assert from "node:assert/strict";
import {
  crossEntropy,
  dense,
  embedding,
  flatten,
  meanSquaredError,
  Model,
  type ModelOptions,
  network,
  onnxNetwork,
  ops,
  sequentialWith,
  sgd,
} from "../../../ml/mod.ts";
import type { OnnxNetwork } from "../../../ml/import/network.ts";
import type { Engine } from "../../../ml/engine/engine.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import type { ExportOptions } from "../../../ml/train/export.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { difference, numbers, recorded } from "../import/onnx_file.ts";

/** What ONNX Runtime makes of a file, every output by its name. */
async function runAll(
  engine: Engine,
  file: Uint8Array,
  given: Readonly<Record<string, Tensor>>,
  outputs: readonly string[],
): Promise<readonly Tensor[]> {
  await engine.load("file", file);
  const { returned } = await engine.run({
    model: "file",
    stored: [],
    given: Object.entries(given),
    kept: [],
    returned: outputs,
  });
  return returned;
}

const EXAMPLES = 9;

/** Examples of a picture of bytes, two tokens, and a number that nothing depends on. */
function examples(count: number, seed: number) {
  const bytes = numbers([count, 2, 2, 2], seed, 0, 255).data;
  const tokens = numbers([count, 2], seed + 1, 0, 4).data;
  return {
    picture: tensor("uint8", [count, 2, 2, 2], Uint8Array.from(bytes)),
    pair: tensor("int32", [count, 2], Int32Array.from(tokens)),
    unused: numbers([count, 1], seed + 2),
  };
}

const BOTH = network(({ picture, pair }, scope) => {
  const read = sequentialWith({ name: "read" }, embedding({ tokens: 4, width: 3 }), flatten());
  const joined = ops.concat([ops.reshape(picture!, [-1, 8]), scope.apply(read, pair!)], 1);
  const hidden = ops.relu(scope.apply(dense({ name: "hidden", out: 6 }), joined));
  return {
    side: scope.apply(dense({ name: "side", out: 2 }), hidden),
    hidden,
  };
});

function modelOf(options: Partial<ModelOptions> = {}): Model {
  return new Model({
    network: BOTH,
    input: {
      picture: { shape: [2, 2, 2], normalize: { mean: [0.4, 0.6], deviation: 0.5 } },
      pair: { shape: [2], dtype: "int32" },
      unused: { shape: [1], dtype: "float32" },
    },
    loss: { side: crossEntropy(), hidden: meanSquaredError() },
    optimizer: sgd({ learningRate: 0.05 }),
    batchSize: 4,
    createEngine: () => LocalEngine.create(1),
    ...options,
  });
}

const TARGETS = {
  side: tensor("uint8", [EXAMPLES], Uint8Array.from({ length: EXAMPLES }, (_, i) => i % 2)),
  hidden: numbers([EXAMPLES, 6], 9),
};

Deno.test("a network of named inputs and outputs is exported under its names, for any number of examples", async () => {
  await using model = modelOf();
  await model.fit({ x: examples(EXAMPLES, 1), y: TARGETS }, { epochs: 2, seed: 1 });
  await using engine = await LocalEngine.create(1);
  const file = model.export();
  for (const count of [1, 5]) {
    const x = examples(count, 20);
    const expected = await model.predictAll(x);
    const got = await runAll(engine, file, x, ["side", "hidden"]);
    ["side", "hidden"].forEach((name, i) => {
      assert.equal(got[i]!.shape[0], count);
      assert.ok(difference(got[i]!, expected.get(name)!) < 1e-5, `${name} of ${count}`);
    });
  }
});

Deno.test("what is exported with normalisation left to the caller takes it normalised", async () => {
  await using model = modelOf();
  const x = examples(3, 4);
  const normal = Float32Array.from(
    x.picture.data,
    (byte, i) => (byte / 255 - (i % 8 < 4 ? 0.4 : 0.6)) / 0.5,
  );
  await using engine = await LocalEngine.create(1);
  const [side] = await runAll(
    engine,
    model.export({ normalization: "outside" }),
    { ...x, picture: tensor("float32", x.picture.shape, normal) },
    ["side"],
  );
  assert.ok(difference(side!, (await model.predictAll(x)).get("side")!) < 1e-5);
});

function inputsFor({ inputs }: OnnxNetwork, count: number, seed: number): Record<string, Tensor> {
  return Object.fromEntries(inputs.map(({ name, shape }, i) => [
    name,
    numbers([count, ...shape!.slice(1) as number[]], seed + i),
  ]));
}

for (const name of ["two_inputs_torchscript.onnx", "two_inputs_dynamo.onnx"]) {
  Deno.test(`${name}: read, trained, exported and read again it is the same`, async () => {
    const output = ["kind", "rating"];
    const network = onnxNetwork(recorded(name), { output });
    const settings = {
      input: Object.fromEntries(
        network.inputs.map(({ name, shape }) => [name, {
          shape: shape!.slice(1) as number[],
          dtype: "float32" as const,
        }]),
      ),
      loss: { kind: crossEntropy(), rating: meanSquaredError() },
    };
    const data = {
      x: inputsFor(network, EXAMPLES, 1),
      y: { kind: TARGETS.side, rating: numbers([EXAMPLES, 1], 5) },
    };
    await using first = modelOf({ network, ...settings });
    await first.fit(data, { epochs: 2, seed: 1 });
    const file = first.export();
    const again = onnxNetwork(file, { output });
    assert.deepEqual(
      again.inputs.map(({ name }) => name),
      network.inputs.map(({ name }) => name),
    );
    await using second = modelOf({ network: again, ...settings });
    assert.deepEqual(
      new Map([...second.getParameters()].sort()),
      new Map([...first.getParameters()].sort()),
    );

    await using engine = await LocalEngine.create(1);
    const x = inputsFor(network, 5, 7);
    const [expected, read] = [await first.predictAll(x), await second.predictAll(x)];
    const computed = await runAll(engine, file, x, output);
    output.forEach((part, i) => {
      assert.ok(difference(read.get(part)!, expected.get(part)!) < 1e-5, `read again: ${part}`);
      assert.ok(difference(computed[i]!, expected.get(part)!) < 1e-5, `computed: ${part}`);
    });

    await first.fit(data, { epochs: 1, seed: 2 });
    await second.fit(data, { epochs: 1, seed: 2 });
    for (const [key, value] of first.getParameters()) {
      assert.ok(difference(second.getParameters().get(key)!, value) < 1e-5, key);
    }
  });
}

Deno.test("one output of several inputs has the name that is asked for", async () => {
  const network = onnxNetwork(recorded("two_inputs_dynamo.onnx"), { output: "rating" });
  await using model = modelOf({
    network,
    input: {
      image: { shape: [2, 6, 6], dtype: "float32" },
      facts: { shape: [5], dtype: "float32" },
    },
    loss: meanSquaredError(),
  });
  const outputs = (options: ExportOptions) => onnxNetwork(model.export(options)).outputs;
  assert.deepEqual(outputs({}), ["rating"]);
  assert.deepEqual(outputs({ outputName: "stars" }), ["stars"]);
  assert.throws(() => model.export({ inputName: "x" }), {
    code: "invalid-argument",
    message:
      '"inputName" is for a single one, and the network has several: got "x" for image, facts',
  });
});

Deno.test("an input and an output of one name are refused", () => {
  const model = modelOf({
    network: network(({ picture, pair }) => ({
      side: ops.reshape(picture!, [-1, 8]),
      pair: ops.mul(ops.cast(pair!, "float32"), 2),
    })),
    loss: { side: crossEntropy(), pair: meanSquaredError() },
  });
  assert.throws(() => model.export(), /need names of their own: got "pair"/);
});
