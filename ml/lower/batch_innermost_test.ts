import assert from "node:assert/strict";
import fc from "fast-check";
import { add, relu } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { transpose } from "../graph/movement.ts";
import type { Value } from "../graph/value.ts";
import { assertSameMeaning, countOf, real } from "../testing/compare.ts";
import { batchInnermost, INNERMOST_BATCHES } from "./batch_innermost.ts";
import { sinkTransposes } from "./sink_transposes.ts";

const [fewest, most] = INNERMOST_BATCHES;
const side = fc.integer({ min: 1, max: 5 });

const passes = (outputs: readonly Value[]) => sinkTransposes(batchInnermost(outputs));

Deno.test("dense layers behind one another keep the batch innermost", () => {
  fc.assert(
    fc.property(side, side, side, side, fc.nat(), (extra, wider, wide, out, seed) => {
      const batch = fewest + extra;
      const [first, second] = [batch + wider, batch + wide];
      const x = real("x", [batch, first]);
      const weights = [real("w1", [second, first]), real("w2", [out, second])] as const;
      const biases = [real("b1", [second]), real("b2", [out])] as const;
      const hidden = relu(add(matmul(x, transpose(weights[0])), biases[0]));
      const output = add(matmul(hidden, transpose(weights[1])), biases[1]);
      const rewritten = assertSameMeaning(passes, output, [x, ...weights, ...biases], seed);
      // One transpose for the input and one for the output: the weights and the values between the layers have none.
      assert.equal(countOf([rewritten], "transpose"), 2);
    }),
    { numRuns: 10 },
  );
});

Deno.test("batches that are too small, too large, or larger than the layer stay outermost", () => {
  for (
    const [batch, width] of [[fewest - 1, 64], [most + 1, 2 * most], [fewest, fewest]] as const
  ) {
    const output = matmul(real("x", [batch, width]), transpose(real("w", [4, width])));
    assert.equal(batchInnermost([output])[0], output, `${batch} × ${width}`);
  }
});

Deno.test("a product stays if neither factor is a parameter", () => {
  const made = relu(real("w", [4, 64]));
  const output = matmul(real("x", [fewest, 64]), transpose(made));
  assert.equal(batchInnermost([output])[0], output);
});
