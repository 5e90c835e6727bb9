import assert from "node:assert/strict";
import fc from "fast-check";
import { mul } from "../graph/elementwise.ts";
import { indexTable } from "../graph/index_table.ts";
import { gatherSum } from "../graph/indexing.ts";
import { matmul } from "../graph/linear.ts";
import { reshape } from "../graph/movement.ts";
import { assertSameMeaning, countOf, real } from "../testing/compare.ts";
import { foldScale } from "./fold_scale.ts";

Deno.test("the scale of patches moves into the smaller factor", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 6 }), fc.nat(), (batch, seed) => {
    const x = real("x", [9, batch]);
    const w = real("w", [1, 4]);
    const entries = Int32Array.from([0, 1, 2, 4, 5, 6, -1, 8]);
    const patches = reshape(gatherSum(mul(x, 0.25), indexTable(9, entries)), [4, 2 * batch]);
    const rewritten = assertSameMeaning(foldScale, matmul(w, patches), [x, w], seed);
    const [kernels, data] = rewritten.inputs;
    assert.equal(kernels!.primitive, "mul");
    assert.equal(countOf([data!], "mul"), 0);
  }));
});
