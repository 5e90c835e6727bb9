import { FlwrError } from "../../base/error.ts";
import { add, fill } from "../graph/elementwise.ts";
import { sameShape, showShape } from "../graph/shape.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { Node, Primitive, Value } from "../graph/value.ts";
import { arrayRules } from "./array_rules.ts";
import { convolutionRules } from "./convolution_rules.ts";
import { elementwiseRules } from "./elementwise_rules.ts";
import type { GradientRules } from "./rule.ts";

/**
 * Applies the gradient rule of a value's primitive.
 *
 * @param d the gradient in the value
 * @returns for each input, a function that makes its part of the gradient; undefined if it has none
 */
export function applyRule<P extends Primitive>(
  value: Node<P>,
  d: Value,
): readonly ((() => Value) | undefined)[] {
  return GRADIENT_RULES[value.primitive](value, d);
}

/**
 * Reverse-mode differentiation: the gradients of an output in each of the given values, as new values of the graph.
 *
 * @param output the value to differentiate, of any shape
 * @param wrt the values to differentiate in
 * @param seed the gradient to start from, of the output's shape (default: ones). Gradients are linear in it, so an
 * optimiser that needs −lr·g passes −lr here and saves one multiplication per parameter.
 * @returns one gradient per value of `wrt`, of its shape; zeros if the output does not depend on it
 */
export function gradients(output: Value, wrt: readonly Value[], seed?: Value): Value[] {
  if (seed !== undefined && !sameShape(seed.shape, output.shape)) {
    throw new FlwrError(
      "invalid-argument",
      `The seed of a gradient must have the output's shape ${showShape(output.shape)}: ` +
        `got ${showShape(seed.shape)}`,
    );
  }
  const order = topologicalOrder([output]);
  const wanted = new Set<Value>(wrt);
  for (const value of order) if (value.inputs.some((x) => wanted.has(x))) wanted.add(value);

  const found = new Map<Value, Value>([[output, seed ?? fill(1, output.dtype, output.shape)]]);
  for (const value of order.reverse()) {
    const d = found.get(value);
    if (d === undefined || !wanted.has(value)) continue;
    const contributions = applyRule(value, d);
    value.inputs.forEach((x, i) => {
      const contribution = wanted.has(x) ? contributions[i]?.() : undefined;
      if (contribution === undefined) return;
      const sum = found.get(x);
      found.set(x, sum === undefined ? contribution : add(sum, contribution));
    });
  }
  return wrt.map((value) => found.get(value) ?? fill(0, value.dtype, value.shape));
}

/** The gradient rule of each primitive. */
const GRADIENT_RULES: GradientRules = {
  input: () => [],
  constant: () => [],
  ...elementwiseRules,
  ...arrayRules,
  ...convolutionRules,
};
