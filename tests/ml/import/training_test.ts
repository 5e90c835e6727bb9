import assert from "node:assert/strict";
import { crossEntropy, Model, type ModelOptions, sgd } from "../../../ml/mod.ts";
import { type OnnxNetwork, onnxNetwork } from "../../../ml/import/network.ts";
import { type Optimizations, OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { elementCount, type Tensor, tensor } from "../../../tensor/tensor.ts";
import trained from "../../vectors/ml/import/trained.json" with { type: "json" };
import { mix } from "../example_network.ts";
import { recorded } from "./onnx_file.ts";

const EXAMPLES = 80;
const BATCH = 8;

interface Examples {
  readonly x: Tensor<"float32">;
  readonly y: Tensor<"int64">;
}

/** Numbers and labels by the formula of make.py. */
function formulaData(shape: readonly number[], classes: number): Examples {
  const count = EXAMPLES * elementCount(shape);
  const x = Float32Array.from({ length: count }, (_, i) => (mix(i) >>> 23) / 256 - 1);
  const y = BigInt64Array.from(
    { length: EXAMPLES },
    (_, i) => BigInt(mix(i + 1_000_000) % classes),
  );
  return { x: tensor("float32", [EXAMPLES, ...shape], x), y: tensor("int64", [EXAMPLES], y) };
}

function rowsOf({ x, y }: Examples, from: number, to: number): Examples {
  const width = x.data.length / EXAMPLES;
  const shape = [to - from, ...x.shape.slice(1)];
  return {
    x: tensor("float32", shape, x.data.subarray(from * width, to * width)),
    y: tensor("int64", [to - from], y.data.subarray(from, to)),
  };
}

function modelOf(network: OnnxNetwork, x: Tensor, options: Partial<ModelOptions> = {}): Model {
  return new Model({
    network,
    input: { shape: x.shape.slice(1), dtype: "float32" },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    batchSize: BATCH,
    createEngine: () => LocalEngine.create(1),
    ...options,
  });
}

interface Summary {
  readonly stride: number;
  readonly values: readonly number[];
}

/** Largest difference of the parameters and states from PyTorch's; every one of the network's must be there. */
function difference(model: Model, expected: Readonly<Record<string, Summary>>): number {
  const parameters = model.getParameters();
  // PyTorch's counter of batches has no influence and is not in files.
  const names = Object.keys(expected).filter((name) => !name.endsWith("num_batches_tracked"));
  assert.deepEqual([...parameters.keys()].sort(), names.sort(), "the names are PyTorch's");
  let largest = 0;
  for (const [name, { data }] of parameters) {
    const { stride, values } = expected[name]!;
    values.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(Number(data[i * stride]) - value));
    });
  }
  return largest;
}

async function trainAsPyTorch(
  file: string,
  reference: typeof trained.cnn,
  data: Examples,
  optimizations: Optimizations,
): Promise<void> {
  await using model = modelOf(onnxNetwork(recorded(file)), data.x, { optimizations });
  // PyTorch's exporter runs the network once: in training mode that moves what the file then says.
  model.setParameters(
    new Map([...model.getParameters()].map(([name, value]) => {
      const fresh = /\.running_(mean|var)$/.exec(name)?.[1];
      if (fresh === undefined) return [name, value];
      const data = new Float32Array(value.data.length).fill(fresh === "var" ? 1 : 0);
      return [name, tensor("float32", value.shape, data)];
    })),
  );
  const options = { shuffle: false, optimizerState: "keep" } as const;
  const first = await model.fit(rowsOf(data, 0, BATCH), options);
  assert.ok(Math.abs(first.losses[0]! - reference.losses[0]!) < 1e-6, "first loss");
  const afterOne = difference(model, reference.checkpoints[1]);
  assert.ok(afterOne < 1e-6, `after 1 step: differs by ${afterOne}`);

  await model.fit(rowsOf(data, BATCH, EXAMPLES), options);
  const afterTen = difference(model, reference.checkpoints[10]);
  assert.ok(afterTen < 1e-5, `after 10 steps: differs by ${afterTen}`);
  const outputs = await model.predict(rowsOf(data, 0, 4).x);
  reference.outputs.forEach((value, i) =>
    assert.ok(Math.abs(outputs.data[i]! - value) < 2e-5, `output ${i}`)
  );
}

const IMAGES = formulaData([3, 12, 12], 10);
const VECTORS = formulaData([12], 4);

for (const [kind, optimizations] of [["plain", PLAIN], ["optimised", OPTIMIZED]] as const) {
  for (const exporter of ["torchscript", "torchscript_train", "dynamo"]) {
    Deno.test(`cnn_${exporter}.onnx trains to PyTorch's weights (${kind})`, () =>
      trainAsPyTorch(`cnn_${exporter}.onnx`, trained.cnn, IMAGES, optimizations));
  }
  for (const exporter of ["torchscript", "dynamo"]) {
    Deno.test(`mlp_${exporter}.onnx trains to PyTorch's weights (${kind})`, () =>
      trainAsPyTorch(
        `mlp_${exporter}.onnx`,
        trained.mlp as unknown as typeof trained.cnn,
        VECTORS,
        optimizations,
      ));
  }
}
