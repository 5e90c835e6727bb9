import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom, systemRandom } from "../../../base/random.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { scaleUpdate, updateNorm, updateNormBound } from "./update_norm.ts";

const model = (...arrays: Tensor[]) => new Map(arrays.map((array, i) => [String(i), array]));
const doubles = (...values: number[]) =>
  tensor("float64", [values.length], Float64Array.from(values));

Deno.test("an update's norm is that of all its differences, of any number and type", () => {
  const value = fc.float({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { maxLength: 11 }), (pairs) => {
      const of = (side: 0 | 1) => pairs.map((pair) => pair[side]);
      const single = (side: 0 | 1) =>
        tensor("float32", [pairs.length], Float32Array.from(of(side)));
      const expected = Math.hypot(...pairs.map(([a, b]) => b - a));
      for (const make of [single, (side: 0 | 1) => doubles(...of(side))]) {
        const norm = updateNorm(model(make(0)), model(make(1)));
        assert.ok(Math.abs(norm - expected) <= 1e-9 * Math.max(1, expected));
      }
    }),
  );
  const counter = (value: bigint) => tensor("int64", [1], BigInt64Array.of(value));
  assert.equal(updateNorm(model(doubles(0), counter(1n)), model(doubles(3), counter(5n))), 5);
});

Deno.test("a norm is finite if it fits double precision", () => {
  const large = updateNorm(model(doubles(0, 0)), model(doubles(3e200, -4e200)));
  assert.ok(Math.abs(large / 5e200 - 1) < 1e-12);
  assert.equal(updateNorm(model(doubles(1e308)), model(doubles(-1e308))), Infinity);
});

Deno.test("a scaled update has the same direction", () => {
  const scaled = scaleUpdate(model(doubles(1, 1)), model(doubles(5, -7)), 0.25);
  assert.deepEqual([...scaled.get("0")!.data], [2, -1]);
});

Deno.test("the bound of a norm is at least the norm, and not finite if an element is not", () => {
  const seed = Number(systemRandom.uint64() & 0xffff_ffffn);
  const random = seededRandom(seed);
  // Small and large arrays are read by different loops, the end of a large one by both.
  for (const length of [1, 3, 2 ** 16 - 1, 2 ** 16 + 4097]) {
    const wild = () => (random.uniform() - 0.5) * 2 ** Math.floor(60 * random.uniform());
    const made = () => tensor("float32", [length], Float32Array.from({ length }, wild));
    const [sent, own] = [made(), made()];
    const note = `seed ${seed}, length ${length}`;
    const norm = updateNorm(model(sent), model(own));
    const bound = updateNormBound(model(sent), model(own));
    assert.ok(bound >= norm && bound < Infinity, note);
    for (const odd of [NaN, Infinity, -Infinity]) {
      for (const place of [0, length - 1]) {
        const bad = tensor("float32", [length], own.data.slice());
        bad.data[place] = odd;
        assert.ok(!Number.isFinite(updateNormBound(model(sent), model(bad))), note);
      }
    }
  }
  const counter = tensor("int64", [1], BigInt64Array.of(-5n));
  assert.ok(updateNormBound(new Map(), model(counter)) >= 5);
});
