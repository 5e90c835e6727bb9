import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import type { DType } from "../../tensor/dtype.ts";
import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { sameShape, showShape } from "../graph/shape.ts";
import type { Variable } from "../nn/trace.ts";
import type { StoredType } from "./stored_type.ts";

/** Initial values of a network's variables, in their order; the same seed gives the same values. */
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

/** The dtypes of real numbers that are converted to each other. */
const FLOATS: ReadonlySet<DType> = new Set(["float16", "float32", "float64"]);
/** The smallest positive integer that int64 cannot represent. */
const INT64_END = 2 ** 63;

/**
 * Converts an array to the dtype of its parameter as PyTorch's load_state_dict does; undefined if there is no
 * conversion. Real numbers are rounded: Python's adaptive strategies, such as FedAdam, send the float64 in which they
 * compute. Scalars are converted from any dtype: averages of int64 counters, such as batch normalisation's, are
 * float64.
 *
 * @throws FlwrError "invalid-argument" when a number is too large for the dtype
 */
function converted(name: string, value: Tensor, dtype: DType): Tensor | undefined {
  if (value.dtype === dtype) return value;
  const isScalar = value.shape.length === 0;
  if (!isScalar && !(FLOATS.has(value.dtype) && FLOATS.has(dtype))) return undefined;
  const given = isScalar ? [Number(value.data[0])] : value.data as Iterable<number>;
  if (dtype === "int64") {
    const number = Math.trunc((given as number[])[0]!);
    if (!(number >= -INT64_END && number < INT64_END)) throw unfit(name, value, 0, dtype);
    return tensor(dtype, [], BigInt64Array.of(BigInt(number)));
  }
  if (dtype !== "float32" && dtype !== "float16") return undefined;
  const data = dtype === "float32" ? Float32Array.from(given) : Float16Array.from(given);
  // Checked after the conversion: 1e39 is finite in float64 and infinite in float32.
  const at = firstNotFinite(data);
  if (at !== undefined) throw unfit(name, value, at, dtype);
  return tensor(dtype, value.shape, data);
}

function unfit(name: string, value: Tensor, at: number, dtype: DType): FlwrError {
  return new FlwrError(
    "invalid-argument",
    `Parameter "${name}" does not fit into ${dtype}: it came as ${value.dtype} with ${
      value.data[at]
    }`,
    {
      hints: [
        "The model may have diverged (use a smaller learning rate), or these are another model's parameters",
      ],
    },
  );
}

/**
 * Matches given arrays with a network's variables: a map by name, a list by order. Real numbers of another dtype are
 * converted.
 *
 * @param stored the dtype in which parameters are given that are computed in float32
 * @throws FlwrError "invalid-argument" when one is missing, unknown, has another shape or dtype, or contains a number
 * that its dtype cannot represent
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
    const fitting = sameShape(value.shape, shape) ? converted(name, value, dtype) : undefined;
    if (fitting === undefined) {
      throw new FlwrError(
        "invalid-argument",
        `Parameter "${name}" must be ${dtype} ${showShape(shape)}: ` +
          `got ${value.dtype} ${showShape(value.shape)}`,
      );
    }
    return [name, fitting];
  }));
}
