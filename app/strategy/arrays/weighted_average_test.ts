import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom, systemRandom } from "../../../base/random.ts";
import { decodeNpy, encodeNpy } from "../../../tensor/npy.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import vectors from "../../../tests/vectors/flwr-1.9-fedavg/fedavg.json" with { type: "json" };
import { averagedDType, averageModels, averageTensors, weightFactors } from "./weighted_average.ts";

const floats = (...values: number[]) =>
  tensor("float32", [values.length], Float32Array.from(values));

Deno.test("FedAvg's arithmetic is Flower 1.9's, bit for bit", async (t) => {
  for (const { num_examples, inputs_npy_hex, inplace_out_npy_hex } of vectors.cases) {
    await t.step(`examples ${num_examples.join(", ")}`, () => {
      const models = inputs_npy_hex.map((arrays) =>
        new Map(arrays.map((hex, i) => [String(i), decodeNpy(Uint8Array.fromHex(hex))] as const))
      );
      const average = averageModels(models, weightFactors(num_examples));
      const bytes = [...average.values()].map((tensor) => encodeNpy(tensor).toHex());
      assert.deepEqual(bytes, inplace_out_npy_hex);
    });
  }
});

Deno.test("the result's type is numpy 1.26's type of array times factor", () => {
  assert.equal(averagedDType("float16", 1), "float16");
  assert.equal(averagedDType("float32", 2), "float32");
  assert.equal(averagedDType("float32", 0), "float64");
  assert.equal(averagedDType("int64", 1), "float64");
  assert.equal(averagedDType("bool", 1), "float64");
});

Deno.test("float32 is rounded at each step, the factor first", () => {
  const third = 1 / 3;
  const sum = averageTensors([floats(0.1), floats(0.1), floats(0.1)], [third, third, third]);
  const product = Math.fround(Math.fround(third) * Math.fround(0.1));
  const expected = Math.fround(Math.fround(product + product) + product);
  assert.equal(sum.data[0], expected);
});

Deno.test("float16 is rounded at each step too", () => {
  const half = (value: number) => tensor("float16", [1], Float16Array.of(value));
  const sum = averageTensors([half(0.1), half(0.3)], [0.3, 0.7]);
  const product = (x: number, factor: number) =>
    Math.f16round(Math.f16round(factor) * Math.f16round(x));
  assert.equal(sum.dtype, "float16");
  assert.equal(sum.data[0], Math.f16round(product(0.1, 0.3) + product(0.3, 0.7)));
});

Deno.test("−0 stays −0 and empty arrays stay empty", () => {
  assert.equal(Object.is(averageTensors([floats(-0)], [1]).data[0], -0), true);
  assert.equal(
    Object.is(averageTensors([tensor("float64", [1], Float64Array.of(-0))], [1]).data[0], -0),
    true,
  );
  const empty = tensor("float32", [0, 3], new Float32Array());
  assert.deepEqual(averageTensors([empty, empty], [0.5, 0.5]), empty);
});

Deno.test("integers and booleans become doubles", () => {
  const int64 = (...values: bigint[]) =>
    tensor("int64", [values.length], BigInt64Array.from(values));
  const average = averageTensors([int64(1n, 2n ** 60n), int64(2n, 0n)], [0.5, 0.5]);
  assert.deepEqual(average, tensor("float64", [2], Float64Array.of(1.5, 2 ** 59)));
  const bool = (value: number) => tensor("bool", [1], Uint8Array.of(value));
  assert.equal(averageTensors([bool(1), bool(0)], [0.25, 0.75]).data[0], 0.25);
});

Deno.test("an average lies between the smallest and the largest, except for rounding", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      weights,
      fc.infiniteStream(fc.float({ noNaN: true, min: -1e6, max: 1e6 })),
      (given, stream) => {
        const values = given.map(() => stream.next().value as number);
        const tensors: Tensor[] = values.map((value) =>
          tensor("float64", [1], Float64Array.of(value))
        );
        const average = Number(averageTensors(tensors, weightFactors(given)).data[0]);
        assert.ok(average >= Math.min(...values) - 1e-6 && average <= Math.max(...values) + 1e-6);
      },
    ),
  );
});

Deno.test("large float32 arrays have the bits of a plain loop, whatever their length", () => {
  const seed = Number(systemRandom.uint64() & 0xffff_ffffn);
  const random = seededRandom(seed);
  for (const length of [2 ** 14 - 1, 2 ** 14, 2 ** 14 + 1, 2 ** 15 + 2047]) {
    const wild = () => (random.uniform() - 0.5) * 2 ** Math.floor(20 * random.uniform() - 10);
    const tensors = [1, 2, 3, 4, 5, 6, 7].map(() =>
      tensor("float32", [length], Float32Array.from({ length }, wild))
    );
    for (const { data } of tensors) data[1] = -0;
    const factors = weightFactors([3, 0, 11, 7, 1, 0.5, 13]);
    const expected = new Float32Array(length);
    tensors.forEach(({ data }, node) => {
      const factor = Math.fround(factors[node]!);
      for (let i = 0; i < length; i++) {
        const product = Math.fround(factor * data[i]!);
        expected[i] = node === 0 ? product : expected[i]! + product;
      }
    });
    const bits = ({ buffer, byteOffset }: Float32Array) =>
      new Uint32Array(buffer, byteOffset, length);
    const { data } = averageTensors(tensors, factors);
    assert.deepEqual(bits(data as Float32Array), bits(expected), `seed ${seed}`);
  }
});
