import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sameShape, showShape } from "../graph/shape.ts";
import type { Variable } from "../nn/trace.ts";

/** First values of a network's variables, in their order; one seed, one result. */
export function initialParameters(
  variables: readonly Variable[],
  seed: number,
): Map<string, Tensor> {
  const random = seededRandom(seed);
  return new Map(
    variables.map(({ name, value, initializer }) => [name, initializer(random, value.shape)]),
  );
}

function describe(variables: readonly Variable[]): string {
  return variables.map(({ name, value }) => `${name} ${showShape(value.shape)}`).join(", ");
}

/**
 * Pairs given arrays with a network's variables: a map by name, an array by order.
 *
 * @throws FlwrError "invalid-argument" when one is missing, unknown, or has another shape or dtype
 */
export function matchParameters(
  variables: readonly Variable[],
  given: ReadonlyMap<string, Tensor> | readonly Tensor[],
): Map<string, Tensor> {
  const named = Array.isArray(given)
    ? new Map(given.map((value: Tensor, i) => [variables[i]?.name ?? `number ${i}`, value]))
    : given as ReadonlyMap<string, Tensor>;
  if (named.size !== variables.length) {
    throw new FlwrError(
      "invalid-argument",
      `The network has ${variables.length} parameters: got ${named.size}`,
      { hints: [`They are: ${describe(variables)}`] },
    );
  }
  return new Map(variables.map(({ name, value: { shape, dtype } }) => {
    const tensor = named.get(name);
    if (tensor === undefined) {
      throw new FlwrError(
        "invalid-argument",
        `Parameter "${name}" ${showShape(shape)} is missing: got ${[...named.keys()].join(", ")}`,
      );
    }
    if (!sameShape(tensor.shape, shape) || tensor.dtype !== dtype) {
      throw new FlwrError(
        "invalid-argument",
        `Parameter "${name}" must be ${dtype} ${showShape(shape)}: ` +
          `got ${tensor.dtype} ${showShape(tensor.shape)}`,
      );
    }
    return [name, tensor];
  }));
}
