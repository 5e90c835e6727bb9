import assert from "node:assert/strict";
import { input } from "../graph/value.ts";
import { resize2d, type ResizeOptions } from "../graph/resize.ts";
import { trace } from "./trace.ts";
import { upsample2d, type UpsampleOptions } from "./upsample.ts";

Deno.test("upsample2d: options that do not go together are refused where the layer is made", () => {
  const wrong = [
    { scale: 2, size: 4 },
    { scale: 0 },
    { scale: NaN },
    { scale: [2] },
    { scale: "2" },
    { size: 0 },
    { size: 1.5 },
    { size: [2, 3, 4] },
    { mode: "cubic" },
    { alignCorners: true },
    { scale_factor: 2 },
  ];
  for (const options of wrong) {
    assert.throws(() => upsample2d(options as UpsampleOptions), { code: "invalid-argument" });
  }
});

Deno.test("upsample2d: shapes follow the scale or the size, others are refused", () => {
  const shapeOf = (options: UpsampleOptions, shape = [2, 3, 4, 5]) =>
    trace(upsample2d(options), input("x", "float32", shape)).output.shape;
  assert.deepEqual(shapeOf({}), [2, 3, 8, 10]);
  assert.deepEqual(shapeOf({ scale: [1.5, 0.5] }), [2, 3, 6, 2]);
  assert.deepEqual(shapeOf({ size: 7, mode: "bilinear" }), [2, 3, 7, 7]);
  for (const shape of [[2, 3], [2, 3, 4], [2, 3, 4, 5, 6]]) {
    assert.throws(() => shapeOf({}, shape), { code: "invalid-argument" });
  }
  assert.throws(() => shapeOf({ scale: 0.1 }), { code: "invalid-argument" });
});

Deno.test("resize2d: what makes no sense is refused", () => {
  const x = input("x", "float32", [1, 1, 2, 2]);
  const wrong: readonly (readonly [readonly number[], ResizeOptions])[] = [
    [[2], {}],
    [[2, 0], {}],
    [[2, 2.5], {}],
    [[2, 2], { mode: "cubic" as "nearest" }],
    [[2, 2], { alignCorners: true }],
    [[2, 2], { scale: -1 }],
  ];
  for (const [size, options] of wrong) {
    assert.throws(() => resize2d(x, size as [number, number], options), {
      code: "invalid-argument",
    });
  }
  const integers = input("x", "uint8", [1, 1, 2, 2]);
  assert.throws(() => resize2d(integers, [3, 3], { mode: "bilinear" }), {
    code: "invalid-argument",
  });
  assert.deepEqual(resize2d(integers, [3, 5]).shape, [1, 1, 3, 5]);
  assert.equal(resize2d(x, [2, 2]), x, "nothing to do");
});
