import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import type { DType } from "../../tensor/dtype.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { sameShape, showShape } from "../graph/shape.ts";
import type { Variable } from "../nn/trace.ts";
import type { StoredType } from "./stored_type.ts";

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
 * A tensor of the wanted dtype. Averages of scalars come back as float64, also those of int64 counters such as batch
 * normalisation's, so scalars are converted, as PyTorch's load_state_dict does it; undefined for anything else.
 */
function convertScalar(value: Tensor, dtype: DType): Tensor | undefined {
  if (value.dtype === dtype) return value;
  const number = Number(value.data[0]);
  if (value.shape.length > 0 || !Number.isFinite(number)) return undefined;
  if (dtype === "int64") return tensor(dtype, [], BigInt64Array.of(BigInt(Math.trunc(number))));
  if (dtype === "float16") return tensor(dtype, [], Float16Array.of(number));
  return dtype === "float32" ? tensor(dtype, [], Float32Array.of(number)) : undefined;
}

/**
 * Pairs given arrays with a network's variables: a map by name, an array by order.
 *
 * @param stored the type in which those are given that are computed in float32
 * @throws FlwrError "invalid-argument" when one is missing, unknown, or has another shape or dtype
 */
export function matchParameters(
  variables: readonly Variable[],
  given: ReadonlyMap<string, Tensor> | readonly Tensor[],
  stored: StoredType = "float32",
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
  return new Map(variables.map(({ name, value: { shape, dtype: computed } }) => {
    const dtype = computed === "float32" ? stored : computed;
    const value = named.get(name);
    if (value === undefined) {
      throw new FlwrError(
        "invalid-argument",
        `Parameter "${name}" ${showShape(shape)} is missing: got ${[...named.keys()].join(", ")}`,
      );
    }
    const converted = convertScalar(value, dtype);
    if (!sameShape(value.shape, shape) || converted === undefined) {
      throw new FlwrError(
        "invalid-argument",
        `Parameter "${name}" must be ${dtype} ${showShape(shape)}: ` +
          `got ${value.dtype} ${showShape(value.shape)}`,
      );
    }
    return [name, converted];
  }));
}
