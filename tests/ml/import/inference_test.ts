import assert from "node:assert/strict";
import fc from "fast-check";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { tensor } from "../../../tensor/tensor.ts";
import {
  difference,
  EXAMPLE_SHAPES,
  numbers,
  recorded,
  runFile,
  runNetwork,
  withOutput,
} from "./onnx_file.ts";

for (const [name, shape] of Object.entries(EXAMPLE_SHAPES)) {
  Deno.test(`${name}: what it computes is what ONNX Runtime computes from the file`, async () => {
    await using engine = await LocalEngine.create(1);
    const bytes = recorded(name);
    const network = onnxNetwork(bytes);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.nat(), async (batch, seed) => {
        const real = numbers([batch, ...shape], seed, 0, 20);
        const x = network.inputType === "int64"
          ? tensor("int64", real.shape, BigInt64Array.from(real.data, (n) => BigInt(Math.floor(n))))
          : numbers([batch, ...shape], seed);
        const file = withOutput(bytes, network.ports.output);
        const expected = await runFile(
          engine,
          file,
          { [network.ports.input]: x },
          network.ports.output,
        );
        for (const optimizations of [PLAIN, OPTIMIZED]) {
          const got = await runNetwork(engine, network, x, { optimizations });
          const error = difference(got, expected);
          assert.ok(error < 2e-5, `differs by ${error}: ${got.data} and ${expected.data}`);
        }
      }),
      { numRuns: 12 },
    );
  });
}
