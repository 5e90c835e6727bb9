import assert from "node:assert/strict";
import { seededRandom } from "../../base/random.ts";
import { gradients } from "../grad/gradients.ts";
import { sameShape } from "../graph/shape.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { input, type Node, type Primitive, type Value } from "../graph/value.ts";
import type { GraphPass } from "../lower/passes.ts";
import type { Pattern } from "../lower/tile.ts";
import type { LocalEngine } from "../session/local_engine.ts";
import { evaluateOnnx } from "./evaluate_onnx.ts";
import { interpret } from "./interpreter.ts";
import { type NdArray, ndArray } from "./nd_array.ts";

/** A float32 input for tests. */
export function real(name: string, shape: readonly number[]): Node<"input"> {
  return input(name, "float32", shape) as Node<"input">;
}

/** Asserts that two arrays are equal up to a tolerance, relative to 1 + |expected|. */
export function assertClose(
  got: NdArray,
  expected: NdArray,
  tolerance: number,
  what: string,
): void {
  assert.ok(sameShape(got.shape, expected.shape), `${what}: shape ${got.shape}, ${expected.shape}`);
  expected.data.forEach((value, i) => {
    const error = Math.abs(got.data[i]! - value);
    assert.ok(
      error <= tolerance * (1 + Math.abs(value)),
      `${what}[${i}]: got ${got.data[i]}, expected ${value}`,
    );
  });
}

/** Random numbers, some of them repeated, for all float32 inputs of a graph; random bytes for uint8 inputs. */
export function randomInputs(outputs: readonly Value[], seed: number): Map<string, NdArray> {
  const random = seededRandom(seed);
  const numbers = new Map<string, NdArray>();
  for (const value of topologicalOrder(outputs)) {
    if (value.primitive !== "input") continue;
    const draw = value.dtype === "uint8"
      ? () => Math.floor(256 * random.uniform())
      : () => Math.round(16 * (2 * random.uniform() - 1)) / 8;
    numbers.set(value.attributes.name, ndArray(value.shape, draw));
  }
  return numbers;
}

/** An output and its gradients, with random weights, in some inputs. */
export function withGradients(output: Value, wrt: readonly Value[]): Value[] {
  return [output, ...gradients(output, wrt, real("seed", output.shape))];
}

/** How often a primitive occurs in a graph. */
export function countOf(outputs: readonly Value[], primitive: Primitive): number {
  return topologicalOrder(outputs).filter((value) => value.primitive === primitive).length;
}

/**
 * Asserts that a pass changes neither an output nor its gradients. Returns the rewritten output.
 *
 * @param wrt the inputs whose gradients are compared
 */
export function assertSameMeaning(
  pass: GraphPass,
  output: Value,
  wrt: readonly Value[],
  seed: number,
): Value {
  const [rewritten] = pass([output]);
  const before = withGradients(output, wrt);
  const numbers = randomInputs(before, seed);
  const expected = interpret(before, numbers);
  const got = interpret(withGradients(rewritten!, wrt), numbers);
  expected.forEach((value, i) => assertClose(got[i]!, value, 1e-9, `result ${i}`));
  return rewritten!;
}

/** Asserts that ONNX Runtime computes the result of the definition when a pattern is used. */
export async function assertPatternRight(
  engine: LocalEngine,
  pattern: Pattern,
  outputs: readonly Value[],
  seed: number,
): Promise<void> {
  const numbers = randomInputs(outputs, seed);
  const expected = interpret(outputs, numbers);
  const got = await evaluateOnnx(engine, outputs, numbers, { passes: [], patterns: [pattern] });
  expected.forEach((value, i) => assertClose(got[i]!, value, 2e-5, `output ${i}`));
}

/** Whether a pattern returns a tile for a value within a graph. */
export function matchesPattern(
  pattern: Pattern,
  value: Value,
  outputs: readonly Value[] = [value],
): boolean {
  const order = topologicalOrder(outputs);
  const users = (x: Value) => order.filter(({ inputs }) => inputs.includes(x));
  const uses = (x: Value) => users(x).length + outputs.filter((output) => output === x).length;
  return pattern(value, { uses, users }) !== undefined;
}
