import assert from "node:assert/strict";
import { seededRandom } from "../../base/random.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { input } from "../graph/value.ts";
import { OPTIMIZED } from "../lower/passes.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { evaluateOnnx } from "../testing/evaluate_onnx.ts";
import { squaresOf } from "./example_gradients.ts";

const SHAPES = [[1], [0], [7, 3], [4096], [4099], [4096, 5], [3, 5, 1009], [1024, 1024]];

for (const shape of SHAPES) {
  // A sum in float32 in order would lose 1.6e-5 of the norms of a million numbers, so that they would be clipped too little.
  Deno.test(`squaresOf: the norms of gradients are exact to a millionth: ${shape.join(" × ")} numbers`, async () => {
    const random = seededRandom(3);
    const full = [2, ...shape];
    const data = Float64Array.from(
      { length: elementCount(full) },
      () => Math.fround(random.uniform() - 0.5),
    );
    const each = elementCount(shape);
    const expected = [0, 1].map((row) =>
      data.subarray(row * each, (row + 1) * each).reduce((sum, x) => sum + x * x, 0)
    );
    await using engine = await LocalEngine.create(1);
    const values = [squaresOf(input("x", "float32", full))];
    const inputs = new Map([["x", { shape: full, data }]]);
    const [squares] = await evaluateOnnx(engine, values, inputs, OPTIMIZED);
    expected.forEach((square, row) => {
      const error = Math.abs(squares!.data[row]! - square);
      assert.ok(error <= 1e-6 * square, `${error} of ${square}`);
    });
  });
}
