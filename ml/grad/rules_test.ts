import assert from "node:assert/strict";
import fc from "fast-check";
import { gradients } from "./gradients.ts";
import { mul } from "../graph/elementwise.ts";
import { reduceSum } from "../graph/reduce.ts";
import { sameShape } from "../graph/shape.ts";
import { input, type Node, type Value } from "../graph/value.ts";
import { OPTIMIZED, PLAIN } from "../lower/passes.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { seededRandom } from "../../base/random.ts";
import { evaluateOnnx } from "../testing/evaluate_onnx.ts";
import { interpret } from "../testing/interpreter.ts";
import { type NdArray, ndArray } from "../testing/nd_array.ts";
import { PRIMITIVE_CASES, type PrimitiveCase } from "../testing/primitive_cases.ts";

const RUNS = 12;
const STEP = 1e-5;
const POSITIONS = 12;

function isReal({ dtype }: Value): boolean {
  return dtype === "float32";
}

/** Numbers for a case's inputs and for the weights with which its output is summed. */
function numbersFor({ inputs, output }: PrimitiveCase, seed: number): Map<string, NdArray> {
  const random = seededRandom(seed);
  const numbers = new Map(inputs.map(({ value, low, high }) => {
    const draw = () => low + (high - low) * random.uniform();
    // Rounded to float32, so that both sides start from the same numbers.
    const number = () => isReal(value) ? Math.fround(draw()) : Math.floor(draw());
    return [value.attributes.name, ndArray(value.shape, number)];
  }));
  numbers.set("seed", ndArray(output.shape, () => Math.fround(2 * random.uniform() - 1)));
  return numbers;
}

function weighted({ output }: PrimitiveCase): { loss: Value; seed: Value } {
  const seed = input("seed", "float32", output.shape);
  return { loss: reduceSum(mul(output, seed)), seed };
}

function assertClose(got: NdArray, expected: NdArray, tolerance: number, what: string): void {
  assert.ok(sameShape(got.shape, expected.shape), `${what}: shape ${got.shape}`);
  expected.data.forEach((value, i) => {
    const error = Math.abs(got.data[i]! - value);
    assert.ok(
      error <= tolerance * (1 + Math.abs(value)),
      `${what}[${i}]: got ${got.data[i]}, expected ${value}`,
    );
  });
}

/** Compares a gradient with the slope of the loss by central differences in float64, at up to twelve positions. */
function assertSlope(
  gradient: NdArray,
  loss: Value,
  name: string,
  numbers: ReadonlyMap<string, NdArray>,
): void {
  const x = numbers.get(name)!;
  const stride = Math.ceil(x.data.length / POSITIONS);
  const lossAt = (position: number, offset: number) => {
    const moved = { shape: x.shape, data: Float64Array.from(x.data) };
    moved.data[position]! += offset;
    return interpret([loss], new Map([...numbers, [name, moved]]))[0]!.data[0]!;
  };
  assert.ok(sameShape(gradient.shape, x.shape), `d${name}: shape ${gradient.shape}`);
  for (let i = 0; i < x.data.length; i += stride) {
    const slope = (lossAt(i, STEP) - lossAt(i, -STEP)) / (2 * STEP);
    const error = Math.abs(gradient.data[i]! - slope);
    assert.ok(
      error < 1e-6 * (1 + Math.abs(slope)),
      `d${name}[${i}]: ${gradient.data[i]}, ${slope}`,
    );
  }
}

function realInputs({ inputs }: PrimitiveCase): Node<"input">[] {
  return inputs.map(({ value }) => value).filter(isReal);
}

/** Primitives whose derivative is zero by definition: differences would be zero, or jumps. */
const WITHOUT_GRADIENT = new Set([
  "sign",
  "floor",
  "ceil",
  "round",
  "not",
  "and",
  "or",
  "less",
  "equal",
  "argMax",
  "topK",
  "oneHot",
]);
/** Primitives whose derivative differs from the slope by definition. */
const NOT_THE_SLOPE = new Set(["stopGradient"]);

for (const [primitive, cases] of Object.entries(PRIMITIVE_CASES)) {
  Deno.test(`the gradient of ${primitive} is its slope`, () => {
    if (NOT_THE_SLOPE.has(primitive)) return;
    fc.assert(
      fc.property(cases, fc.nat(), (primitiveCase, seed) => {
        const numbers = numbersFor(primitiveCase, seed);
        const { loss, seed: weights } = weighted(primitiveCase);
        const wrt = realInputs(primitiveCase);
        if (primitive === "maxPoolGrad") wrt.splice(0); // It has no gradient.
        const slopes = interpret(gradients(primitiveCase.output, wrt, weights), numbers);
        wrt.forEach((value, i) => {
          const { name } = value.attributes;
          if (WITHOUT_GRADIENT.has(primitive)) {
            assertClose(slopes[i]!, ndArray(value.shape, () => 0), 0, `d${name}`);
          } else assertSlope(slopes[i]!, loss, name, numbers);
        });
      }),
      { numRuns: RUNS },
    );
  });

  Deno.test(`ONNX Runtime computes ${primitive} and its gradient as defined`, async () => {
    await using engine = await LocalEngine.create(1);
    await fc.assert(
      fc.asyncProperty(cases, fc.nat(), async (primitiveCase, seed) => {
        const numbers = numbersFor(primitiveCase, seed);
        const { seed: weights } = weighted(primitiveCase);
        const wrt = primitive === "maxPoolGrad" ? [] : realInputs(primitiveCase);
        const outputs = [
          primitiveCase.output,
          ...gradients(primitiveCase.output, wrt, weights),
        ];
        const expected = interpret(outputs, numbers);
        for (const optimizations of [PLAIN, OPTIMIZED]) {
          const got = await evaluateOnnx(engine, outputs, numbers, optimizations);
          expected.forEach((value, i) => assertClose(got[i]!, value, 2e-5, `output ${i}`));
        }
      }),
      { numRuns: RUNS },
    );
  });
}
