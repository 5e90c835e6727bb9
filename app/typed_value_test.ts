import assert from "node:assert/strict";
import fc from "fast-check";
import { float } from "./float.ts";
import { typedConfigs, typedMetrics } from "./testing.ts";
import {
  isTypedMetric,
  plainConfig,
  plainMetric,
  typedConfig,
  typedMetric,
} from "./typed_value.ts";

Deno.test("numbers are sent with the type that Python would give them", () => {
  const cases: [unknown, string, unknown][] = [
    [3, "sint64", 3n],
    [-0, "double", -0],
    [0.5, "double", 0.5],
    [NaN, "double", NaN],
    [Infinity, "double", Infinity],
    [2 ** 53, "double", 2 ** 53],
    [float(1), "double", 1],
    [5n, "sint64", 5n],
    [2n ** 63n, "uint64", 2n ** 63n],
    [[1, 2], "sint64[]", [1n, 2n]],
    [[1, 2.5], "double[]", [1, 2.5]],
    [float([1, 2]), "double[]", [1, 2]],
    [[1n, 2n ** 63n], "uint64[]", [1n, 2n ** 63n]],
    [[], "double[]", []],
  ];
  for (const [value, type, kept] of cases) {
    assert.deepEqual(typedMetric(value), { type, value: kept });
  }
});

Deno.test("settings can also be booleans, strings and bytes", () => {
  const bytes = new Uint8Array([1]);
  const cases: [unknown, string][] = [
    [true, "bool"],
    ["x", "string"],
    [bytes, "bytes"],
    [[], "bool[]"],
    [["x"], "string[]"],
    [[bytes], "bytes[]"],
    [2, "sint64"],
  ];
  for (const [value, type] of cases) assert.equal(typedConfig(value).type, type);
});

Deno.test("values without a wire type are refused", () => {
  assert.throws(() => typedMetric("x"), /A metric must be a number.*got string/);
  assert.throws(() => typedMetric(true), /got boolean/);
  assert.throws(() => typedMetric([1, "x"]), /got an array/);
  assert.throws(() => typedMetric(2n ** 64n), /does not fit into 64 bits: 18446744073709551616/);
  assert.throws(() => typedMetric([-1n, 2n ** 63n]), /no wire type has both/);
  assert.throws(() => typedConfig({ a: 1 }), /configuration value.*got Object/);
  assert.throws(() => typedConfig(undefined), /got undefined/);
  assert.throws(() => typedConfig(null), /got null/);
});

Deno.test("integers are read as numbers if they are exact", () => {
  assert.equal(plainMetric({ type: "sint64", value: 5n }), 5);
  assert.equal(plainMetric({ type: "sint64", value: 2n ** 60n }), 2n ** 60n);
  assert.deepEqual(plainMetric({ type: "sint64[]", value: [1n, 2n ** 60n] }), [1n, 2n ** 60n]);
  assert.deepEqual(plainMetric({ type: "uint64[]", value: [1n, 2n] }), [1, 2]);
});

Deno.test("a value that is read and set again is the same", () => {
  fc.assert(fc.property(typedMetrics, (typed) => {
    const value = plainMetric(typed);
    assert.deepEqual(plainMetric(typedMetric(value)), value);
  }));
  fc.assert(fc.property(typedConfigs, (typed) => {
    const value = plainConfig(typed);
    assert.deepEqual(plainConfig(typedConfig(value)), value);
    if (isTypedMetric(typed)) assert.deepEqual(plainMetric(typed), value);
  }));
});
