/** Operators that are put together from several primitives: their gradients are their slopes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../../base/random.ts";
import { gradients } from "../../../ml/grad/gradients.ts";
import { mul } from "../../../ml/graph/elementwise.ts";
import { reduceSum } from "../../../ml/graph/reduce.ts";
import { input, type Node } from "../../../ml/graph/value.ts";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { trace } from "../../../ml/nn/trace.ts";
import { interpret } from "../../../ml/testing/interpreter.ts";
import { type NdArray, ndArray } from "../../../ml/testing/nd_array.ts";
import { OPERATOR_CASES } from "./operator_cases.ts";

const RUNS = 15;
const STEP = 1e-5;
const POSITIONS = 8;
const OPERATORS = [
  "Celu",
  "ConvTranspose",
  "Cos",
  "CumSum",
  "DepthToSpace",
  "Einsum",
  "GatherElements",
  "MaxPool",
  "RMSNormalization",
  "ReduceLogSumExp",
  "Resize",
  "Sin",
  "SpaceToDepth",
  "Swish",
  "TopK",
  "Trilu",
  "Upsample",
];

for (const op of OPERATORS) {
  Deno.test(`the gradient of ${op} is its slope`, () => {
    fc.assert(
      fc.property(OPERATOR_CASES[op]!, fc.nat(), ({ file, x: given, output }, seed) => {
        const x = input("x", "float32", given.shape) as Node<"input">;
        const traced = trace(onnxNetwork(file, { output }), x);
        const weights = input("weights", "float32", traced.output.shape);
        const loss = reduceSum(mul(traced.output, weights));
        const random = seededRandom(seed);
        const numbers = new Map<string, NdArray>(
          traced.variables.map(({ name, value, initializer }) => {
            const { data } = initializer(random, value.shape);
            return [name, ndArray(value.shape, (i) => Number(data[i]))];
          }),
        );
        // Numbers that are nowhere equal, so that no maximum has a kink nearby.
        numbers.set("x", ndArray(given.shape, (i) => Number(given.data[i]) + (i % 97) * 1e-3));
        numbers.set("weights", ndArray(weights.shape, () => 2 * random.uniform() - 1));
        const [slope] = interpret(gradients(loss, [x]), numbers);
        const at = (i: number, offset: number) => {
          const moved = ndArray(
            given.shape,
            (k) => numbers.get("x")!.data[k]! + (k === i ? offset : 0),
          );
          return interpret([loss], new Map([...numbers, ["x", moved]]))[0]!.data[0]!;
        };
        const stride = Math.ceil(given.data.length / POSITIONS);
        for (let i = 0; i < given.data.length; i += stride) {
          const expected = (at(i, STEP) - at(i, -STEP)) / (2 * STEP);
          const error = Math.abs(slope!.data[i]! - expected);
          assert.ok(
            error < 1e-5 * (1 + Math.abs(expected)),
            `d[${i}]: ${slope!.data[i]}, ${expected}`,
          );
        }
      }),
      { numRuns: RUNS },
    );
  });
}
