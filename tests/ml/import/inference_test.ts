import assert from "node:assert/strict";
import fc from "fast-check";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { difference, numbers, recorded, runFile, runNetwork, withOutput } from "./onnx_file.ts";

const FILES = {
  "cnn_torchscript.onnx": [3, 12, 12],
  "cnn_dynamo.onnx": [3, 12, 12],
  "mlp_torchscript.onnx": [12],
  "mlp_dynamo.onnx": [12],
  "encoder_torchscript.onnx": [6],
  "encoder_dynamo.onnx": [6],
  "keras_torch.onnx": [10, 10, 2],
  "keras_tf2onnx.onnx": [10, 10, 2],
  "sklearn_mlp.onnx": [12],
  "sklearn_mlp_binary.onnx": [12],
  "sklearn_logistic.onnx": [12],
  "sklearn_logistic_binary.onnx": [12],
} as const;

for (const [name, shape] of Object.entries(FILES)) {
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
