import { elementCount } from "../../tensor/tensor.ts";
import { applyRule, gradients } from "../grad/gradients.ts";
import { add, div, fill, maximum, minimum, mul, sqrt } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { reshape } from "../graph/movement.ts";
import type { Layout } from "../graph/rows.ts";
import { sameShape } from "../graph/shape.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { Value } from "../graph/value.ts";
import {
  type ExampleGradients,
  exampleGradients,
  squaresOf,
  type Use,
} from "./example_gradients.ts";
import { pullBack } from "./pull_back.ts";
import { scaleExamples } from "./rows.ts";

/** Added to norms, as in Opacus, so that a norm of zero does not cause a division by zero. */
const NORM_EPSILON = 1e-6;

/** How examples' gradients are clipped. */
export interface ExampleClipping {
  /** Largest L2 norm of one example's gradient, over all parameters together. */
  readonly clip: number;
  /** 1 for each example that counts, and 0 for each that only fills the batch, [batch]. */
  readonly mask: Value;
}

function clippingFactors(squares: Value, { clip, mask }: ExampleClipping): Value {
  // Products of all pairs of positions have both signs: a sum near 0 can be below it.
  const norms = add(sqrt(maximum(squares, 0)), NORM_EPSILON);
  return mul(minimum(div(fill(clip, "float32"), norms), 1), mask);
}

/**
 * The clipped gradient of a batch of one example.
 *
 * @param loss the example's loss, [1]
 */
export function clippedOfOne(
  loss: Value,
  parameters: readonly Value[],
  clipping: ExampleClipping,
): Value[] {
  const slopes = gradients(loss, parameters);
  const squares = slopes.map((slope) => squaresOf(reshape(slope, [1, ...slope.shape])));
  const factor = clippingFactors(squares.reduce((sum, square) => add(sum, square)), clipping);
  return slopes.map((slope) => mul(slope, reshape(factor, slope.shape.map(() => 1))));
}

/** How one parameter's part of the norm and of the sum is computed. */
interface Part {
  readonly squares: Value;
  sum(factors: Value): Value;
}

/**
 * The sums over a batch of the examples' gradients, each clipped to a norm.
 *
 * One backward pass goes down to the parameters. There, the squares of the norms are computed parameter by parameter, from
 * the gradients of each example or, where it costs less, without them ("ghost clipping": Goodfellow, arXiv:1510.01799; Li
 * et al., arXiv:2110.05679). A clipped sum is then the parameter's ordinary gradient with the rows scaled (Bu et al.,
 * arXiv:2210.00038), so that no second backward pass is needed.
 *
 * @param losses the loss of each example, [batch]
 * @param layouts how each value depends on the rows of the batch
 * @returns one sum per parameter; undefined if a parameter is used in a way that has no rule
 */
export function clippedSums(
  losses: Value,
  parameters: readonly Value[],
  layouts: ReadonlyMap<Value, Layout>,
  clipping: ExampleClipping,
): Value[] | undefined {
  const uses = usesOf(losses, parameters, layouts);
  const parts = uses && partsOf(parameters, uses);
  if (parts === undefined) return undefined;
  const squares = parts.map((part) => part.squares).reduce((sum, square) => add(sum, square));
  const factors = clippingFactors(squares, clipping);
  return parts.map((part) => part.sum(factors));
}

/** All values that depend on the parameters, and the parameters. */
function dependents(outputs: readonly Value[], parameters: readonly Value[]): Set<Value> {
  const found = new Set<Value>(parameters);
  for (const value of topologicalOrder(outputs)) {
    if (value.inputs.some((input) => found.has(input))) found.add(value);
  }
  return found;
}

/** Differentiates down to the values that are the same for all examples. */
function usesOf(
  losses: Value,
  parameters: readonly Value[],
  layouts: ReadonlyMap<Value, Layout>,
): Use[] | undefined {
  const batch = losses.shape[0]!;
  const wanted = dependents([losses], parameters);
  const found = new Map<Value, Value>([[losses, fill(1, losses.dtype, losses.shape)]]);
  const uses: Use[] = [];
  for (const value of topologicalOrder([losses]).reverse()) {
    const gradient = found.get(value);
    const layout = layouts.get(value)!;
    if (gradient === undefined || !wanted.has(value)) continue;
    if (layout.kind !== "rows") return undefined;
    const contributions = applyRule(value, gradient);
    for (const [index, x] of value.inputs.entries()) {
      if (!wanted.has(x)) continue;
      if (layouts.get(x)!.kind === "shared") {
        if (contributions[index]) uses.push({ value, index, gradient, layout, batch });
        continue;
      }
      const contribution = contributions[index]?.();
      if (contribution === undefined) continue;
      const sum = found.get(x);
      found.set(x, sum === undefined ? contribution : add(sum, contribution));
    }
  }
  return uses;
}

/** A parameter, rearranged and multiplied by a number. */
interface Scaled {
  readonly parameter: Value;
  readonly scale: number;
}

/** The number that a value is multiplied by, if it is a constant. */
function constantFactor(value: Value | undefined): number | undefined {
  return value?.primitive === "constant" && elementCount(value.shape) === 1
    ? Number(value.attributes.tensor.data[0])
    : undefined;
}

/** The parameter of which a value is a multiple, rearranged; undefined if it is another function of parameters. */
function multipleOf(value: Value): Scaled | undefined {
  let [at, scale] = [value, 1];
  for (;;) {
    const [first, second] = at.inputs;
    if (at.primitive === "input") return { parameter: at, scale };
    const factor = at.primitive === "mul" ? constantFactor(second) : 1;
    const isKept = at.primitive === "reshape" || at.primitive === "transpose" ||
      at.primitive === "mul" && factor !== undefined && sameShape(at.shape, first!.shape);
    if (!isKept) return undefined;
    [at, scale] = [first!, scale * factor!];
  }
}

function partsOf(parameters: readonly Value[], uses: readonly Use[]): Part[] | undefined {
  const shared = uses.map(({ value, index }) => value.inputs[index]!);
  const inputs = shared.map((value) => new Set(topologicalOrder([value])));
  const found: { use: Use; shared: Value; part: ExampleGradients }[] = [];
  for (const [i, use] of uses.entries()) {
    const part = exampleGradients(use);
    if (part === undefined) return undefined;
    found.push({ use, shared: shared[i]!, part });
  }
  const direct = new Map<Value, Part>();
  for (const parameter of parameters) {
    const users = found.filter((_, i) => inputs[i]!.has(parameter));
    const multiple = users.length === 1 ? multipleOf(users[0]!.shared) : undefined;
    if (multiple?.parameter !== parameter) continue;
    direct.set(parameter, onlyPart(multiple, users[0]!));
  }
  const rest = parameters.filter((parameter) => !direct.has(parameter));
  const others = rest.length === 0 ? new Map<Value, Value>() : collect(rest, found);
  if (others === undefined) return undefined;
  return parameters.map((parameter) => direct.get(parameter) ?? wholePart(others.get(parameter)!));
}

/** A parameter with one use. Rearranging and scaling its gradients can wait until they are added up. */
function onlyPart(
  { parameter, scale }: Scaled,
  { use, shared, part }: { use: Use; shared: Value; part: ExampleGradients },
): Part {
  const { squares, sum } = part.squares === undefined
    ? wholePart(part.each())
    : { squares: part.squares(), sum: (factors: Value) => sumOfScaled(use, factors) };
  return {
    squares: scale === 1 ? squares : mul(squares, scale * scale),
    sum(factors) {
      const slope = sum(factors);
      return shared === parameter ? slope : gradients(shared, [parameter], slope)[0]!;
    },
  };
}

/** The sum of scaled gradients as one product over all examples, which are not computed one by one. */
function sumOfScaled({ value, index, gradient, layout }: Use, factors: Value): Value {
  return applyRule(value, scaleExamples(gradient, layout, factors))[index]!();
}

/** Gradients for each example, [batch, …their shape]. */
function wholePart(each: Value): Part {
  return {
    squares: squaresOf(each),
    sum(factors) {
      const [batch, ...shape] = each.shape;
      const sum = matmul(reshape(factors, [1, batch!]), reshape(each, [batch!, -1]));
      return reshape(sum, shape);
    },
  };
}

/** The gradients of each example in the given parameters, through the values that are the same for all examples. */
function collect(
  parameters: readonly Value[],
  found: readonly { use: Use; shared: Value; part: ExampleGradients }[],
): Map<Value, Value> | undefined {
  const batch = found[0]?.use.batch ?? 1;
  const roots = found.map(({ shared }) => shared);
  const wanted = dependents(roots, parameters);
  const each = new Map<Value, Value>();
  const accumulate = (value: Value, part: Value) => {
    const sum = each.get(value);
    each.set(value, sum === undefined ? part : add(sum, part));
  };
  for (const { shared, part } of found) if (wanted.has(shared)) accumulate(shared, part.each());
  for (const value of topologicalOrder(roots).reverse()) {
    const gradient = each.get(value);
    if (gradient === undefined || !wanted.has(value)) continue;
    for (const [index, x] of value.inputs.entries()) {
      if (!wanted.has(x)) continue;
      const part = pullBack(value, index, gradient);
      if (part === undefined) return undefined;
      accumulate(x, part);
    }
  }
  return new Map(parameters.map((parameter) => [
    parameter,
    each.get(parameter) ?? fill(0, parameter.dtype, [batch, ...parameter.shape]),
  ]));
}
