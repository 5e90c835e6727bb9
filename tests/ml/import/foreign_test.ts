/** Small files of others that were once misread, with what must come of each: by its file under tests/vectors/ml/foreign. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { FlwrError } from "../../../base/error.ts";
import { meanSquaredError, Model, onnxNetwork, sgd } from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { decodeNpy } from "../../../tensor/npy.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";

const FOLDER = new URL("../../vectors/ml/foreign/", import.meta.url);
const X = float([2, 4], [1.5, -2.5, 0.25, 3, -1, 2, -3, 4]);

function float(shape: readonly number[], values: readonly number[]): Tensor {
  return tensor("float32", shape, Float32Array.from(values));
}

function whole(dtype: "int32" | "int16" | "uint8" | "int8", values: readonly number[]): Tensor {
  const types = { int32: Int32Array, int16: Int16Array, uint8: Uint8Array, int8: Int8Array };
  return tensor(dtype, [values.length], types[dtype].from(values) as never) as Tensor;
}

function recorded(name: string): Tensor {
  return decodeNpy(Deno.readFileSync(new URL(name, FOLDER)));
}

/** What an output has to be called where it is no real number. */
const OUTPUTS: Readonly<Record<string, string>> = {
  min_uint8_from_data: "result",
  max_int16_from_data: "result",
  pow_int32_from_data: "z",
  reduce_max_bool_from_data: "reduced",
  greater_equal_int8_expanded: "greater_equal",
};

function modelOf(name: string, x: Tensor): Model {
  const path = fileURLToPath(new URL(`${name}.onnx`, FOLDER));
  return new Model({
    network: onnxNetwork(path, { output: OUTPUTS[name] }),
    input: { shape: x.shape.slice(1), dtype: x.dtype as DType },
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 0.1 }),
    createEngine: () => LocalEngine.create(1),
  });
}

async function predicted(name: string, x: Tensor): Promise<Tensor> {
  await using model = modelOf(name, x);
  return await model.predict(x);
}

function assertNumbers(got: Tensor, shape: readonly number[], values: readonly number[]): void {
  assert.deepEqual(got.shape, shape);
  values.forEach((value, i) => {
    const number = Number(got.data[i]);
    const isSame = number === value || Object.is(number, value) ||
      Number.isNaN(number) && Number.isNaN(value);
    const isNear = isSame || Math.abs(number - value) < 2e-5 * (1 + Math.abs(value));
    assert.ok(isNear, `at ${i} of [${got.data}]: ${number}, expected ${value}`);
  });
}

const rest = [-2.5, 0.25, 3, 2, -3, 4];
const CASES: readonly (readonly [string, Tensor, readonly number[], readonly number[]])[] = [
  ["constant_value_ints_int64max_slice_end", X, [2, 3], rest],
  ["int64max_plus_zero_folded", X, [2, 3], rest],
  ["int64max_through_where", X, [2, 3], rest],
  ["int64max_through_min", X, [2, 3], rest],
  ["and_of_comparisons", X, [2, 4], [1, 0, 1, 0, 0, 0, 0, 0]],
  ["or_where", X, [2, 4], [0, -2.5, 0, 3, -1, 0, -3, 4]],
  [
    "torch_hardshrink",
    float([1, 7], [-1, -0.3, -0.2, 0, 0.25, 0.31, NaN]),
    [1, 7],
    [-1, 0, 0, 0, 0, 0.31, 0],
  ],
  ["pow_5_negative_base", X, [2, 4], [...X.data].map((x) => Number(x) ** 5)],
  ["pow_0", X, [2, 4], new Array(8).fill(1)],
  ["pow_zero_base", float([2, 3], [0, 0, 0, -2, -2, -2]), [2, 3], [1, 0, 0, 1, -2, 4]],
  [
    "pow_negative_constant_base",
    float([1, 4], [3, 2, 0.5, -1]),
    [1, 4],
    [-8, 4, NaN, -0.5],
  ],
  [
    "torch_pow_vector_of_whole_exponents",
    float([1, 5], [-2, 3, -2, -1.5, -7]),
    [1, 5],
    [4, 9, -8, 5.0625, -7],
  ],
  [
    "reduce_log_sum_exp_large",
    float([2, 3], [200, 100, 50, 89, 88, 1]),
    [2],
    [200, 89.31326],
  ],
  [
    "log_softmax_by_hand",
    float([2, 3], [200, 100, 50, 89, 88, 1]),
    [2, 3],
    [0, -100, -150, -0.31326, -1.31326, -88.31326],
  ],
  [
    "less_or_equal_with_nan",
    float([2, 4], [1, NaN, 0, 0, 2, -3, NaN, NaN]),
    [2, 4],
    [1, 0, 1, 0, 0, 1, 0, 0],
  ],
  ["mod_fmod_constant", X, [2, 4], [...X.data].map((x) => Number(x) - 1)],
  [
    "leaky_relu_alpha0_inf",
    float([1, 4], [Infinity, -Infinity, 2, -2]),
    [1, 4],
    [Infinity, NaN, 2, -0],
  ],
  [
    "maxpool_minus_infinity_padded",
    float([1, 1, 3, 3], [-Infinity, -Infinity, 1, -Infinity, -Infinity, 2, 3, 4, 5]),
    [1, 1, 3, 3],
    [-Infinity, -Infinity, 1, -Infinity, -Infinity, 2, 3, 4, 5],
  ],
];

for (const [name, x, shape, values] of CASES) {
  Deno.test(`${name} gives what it says`, async () => {
    assertNumbers(await predicted(name, x), shape, values);
  });
}

Deno.test("data that are padded in the file beside the model are read", async () => {
  const x = float([1, 4], [1, 0, 0, 1]);
  const weight = new Float32Array(Deno.readFileSync(new URL("pad.bin", FOLDER)).buffer);
  const expected = [0, 1].map((i) => weight[i]! + weight[6 + i]!);
  assertNumbers(await predicted("external_data_length_padded", x), [1, 2], expected);
});

for (const name of ["multihead_attention", "transformer_encoder_layer"]) {
  Deno.test(`attention as PyTorch's newer exporter writes it: ${name}`, async () => {
    const file = `torch_dynamo_${name}`;
    const expected = recorded(`${file}.y.npy`);
    const got = await predicted(file, recorded(`${file}.x.npy`));
    assertNumbers(got, expected.shape, Array.from(expected.data, Number));
  });
}

/** Files for a fixed number of examples, of types that ONNX Runtime has few kernels for. */
const OF_FEW_KERNELS: Readonly<Record<string, Tensor>> = {
  min_uint8_from_data: whole("uint8", [3, 2, 200]),
  max_int16_from_data: whole("int16", [3, -2, 300]),
  pow_int32_from_data: whole("int32", [-2, 3, 2]),
  reduce_max_bool_from_data: tensor("bool", [4, 2], new Uint8Array(8)) as Tensor,
  greater_equal_int8_expanded: tensor("int8", [3, 4, 5], new Int8Array(60)) as Tensor,
};

for (const [name, x] of Object.entries(OF_FEW_KERNELS)) {
  Deno.test(`${name} gives numbers, or is refused in words when it is read`, async () => {
    let model: Model;
    try {
      model = modelOf(name, x);
    } catch (error) {
      assert.ok(error instanceof FlwrError && error.code !== "internal", String(error));
      return;
    }
    await using _ = model;
    assert.equal((await model.predict(x)).shape[0], x.shape[0]);
  });
}

const softmaxed = (column: readonly number[]) => {
  const powers = column.map(Math.exp);
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
};

/** What is right for the given examples together, be they filled up to a batch or not. */
const TOGETHER: readonly (readonly [string, Tensor, readonly number[], readonly number[]])[] = [
  [
    "softmax_over_the_batch",
    X,
    [2, 4],
    [0, 1].flatMap((row) =>
      [0, 1, 2, 3].map((i) => softmaxed([Number(X.data[i]), Number(X.data[i + 4])])[row]!)
    ),
  ],
  ["divides_by_batch_length", X, [2, 4], [...X.data].map((x) => Number(x) / 2)],
  [
    "gram_matrix_of_batch",
    float([2, 4], [1, 0, 2, 0, 0, 3, 0, 1]),
    [2, 4],
    [5, 0, 10, 0, 0, 30, 0, 10],
  ],
  [
    "squeeze_without_axes_after_pool",
    float([5, 3, 4, 4], Array.from({ length: 240 }, (_, i) => Math.floor(i / 16) % 3)),
    [5, 2],
    new Array(10).fill(3),
  ],
];

for (const [name, x, shape, values] of TOGETHER) {
  Deno.test(`${name} is right for the examples that are given`, async () => {
    assertNumbers(await predicted(name, x), shape, values);
  });
}

Deno.test("statistics of a batch are those of the examples that are given", async () => {
  const name = "torch_batchnorm_without_running_stats";
  const expected = recorded(`${name}.y.npy`);
  const got = await predicted(name, recorded(`${name}.x.npy`));
  assertNumbers(got, expected.shape, Array.from(expected.data, Number));
});

Deno.test("one example alone keeps its axis where a file takes away axes of length 1", async () => {
  const x = float([1, 3, 4, 4], new Array(48).fill(2));
  assertNumbers(await predicted("squeeze_without_axes_after_pool", x), [1, 2], [6, 6]);
});

Deno.test("more examples than one batch holds are refused where they depend on each other", async () => {
  const x = tensor("float32", [5000, 4], new Float32Array(20_000)) as Tensor;
  await using model = modelOf("softmax_over_the_batch", x);
  await assert.rejects(model.predict(x), /depend on which examples .*softmax/);
});
