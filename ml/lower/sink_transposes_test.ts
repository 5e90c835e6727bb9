import assert from "node:assert/strict";
import fc from "fast-check";
import { add, mul, relu } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { reshape, transpose } from "../graph/movement.ts";
import { assertSameMeaning, countOf, real } from "../testing/compare.ts";
import { sinkTransposes } from "./sink_transposes.ts";

const side = fc.integer({ min: 1, max: 4 });

Deno.test("a transpose goes below bias, activation, flatten and dense", () => {
  fc.assert(fc.property(side, side, side, side, fc.nat(), (c, h, w, batch, seed) => {
    const x = real("x", [c, h, w, batch]);
    const bias = real("bias", [1, c, 1, 1]);
    const weight = real("weight", [3, c * h * w]);
    const offset = real("offset", [3]);
    const images = relu(add(transpose(x, [3, 0, 1, 2]), bias));
    const output = add(
      matmul(reshape(images, [batch, c * h * w]), transpose(weight)),
      offset,
    );
    const rewritten = assertSameMeaning(sinkTransposes, output, [x, bias, weight, offset], seed);
    assert.ok(countOf([rewritten], "transpose") <= 1);
  }));
});

Deno.test("transposes that meet cancel", () => {
  fc.assert(fc.property(side, side, side, fc.nat(), (a, b, c, seed) => {
    const x = real("x", [a, b, c]);
    const y = real("y", [a, b, c]);
    const order = [2, 0, 1];
    const there = mul(transpose(x, order), transpose(y, order));
    const rewritten = assertSameMeaning(
      sinkTransposes,
      transpose(there, [1, 2, 0]),
      [x, y],
      seed,
    );
    assert.equal(countOf([rewritten], "transpose"), 0);
  }));
});

Deno.test("a transpose stays where the other operand would have to be moved", () => {
  const x = real("x", [2, 3]);
  const sum = add(transpose(x), real("y", [3, 2]));
  assert.equal(sinkTransposes([sum])[0], sum);
});
