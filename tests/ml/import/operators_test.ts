import assert from "node:assert/strict";
import fc from "fast-check";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { supportedOperators } from "../../../ml/import/operators.ts";
import { OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { difference, runFile, runNetwork, withOutput } from "./onnx_file.ts";
import { OPERATOR_CASES, UNTESTED_ALONE } from "./operator_cases.ts";

const RUNS = 20;
/** More of operators whose rounding differs in few cases only. */
const MORE_RUNS: Readonly<Record<string, number>> = { Resize: 300 };

for (const [op, cases] of Object.entries(OPERATOR_CASES)) {
  Deno.test(`${op} is what ONNX Runtime says it is`, async () => {
    await using engine = await LocalEngine.create(1);
    await fc.assert(
      fc.asyncProperty(cases, async ({ file, x, output }) => {
        const expected = await runFile(engine, withOutput(file, output), { x }, output);
        const network = onnxNetwork(file, { output });
        for (const optimizations of [PLAIN, OPTIMIZED]) {
          const got = await runNetwork(engine, network, x, { optimizations });
          const error = difference(got, expected);
          assert.ok(
            error < 2e-5,
            `differs by ${error}: ${got.shape} ${got.data}, ${expected.data}`,
          );
        }
      }),
      { numRuns: MORE_RUNS[op] ?? RUNS },
    );
  });
}

Deno.test("every operator with a rule has a case", () => {
  const tested = new Set([...Object.keys(OPERATOR_CASES), ...UNTESTED_ALONE]);
  assert.deepEqual(supportedOperators().filter((op) => !tested.has(op)), []);
});
