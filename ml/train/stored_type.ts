import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";

/** Dtypes in which real parameters can be stored; computation is in float32. */
const STORED_TYPES = ["float32", "float16"] as const;

/** One of {@link STORED_TYPES}. */
export type StoredType = typeof STORED_TYPES[number];

/**
 * Checks a dtype for stored parameters.
 *
 * @throws FlwrError "invalid-argument" unless it is one of {@link STORED_TYPES}
 */
export function requireStoredType(type: string): StoredType {
  const known = STORED_TYPES.find((stored) => stored === type);
  if (known !== undefined) return known;
  throw new FlwrError(
    "invalid-argument",
    `"parameterType" must be one of ${STORED_TYPES.join(", ")}: got ${type}`,
    {
      hints: type === "bfloat16"
        ? ["bfloat16 is not supported: neither numpy nor JavaScript has it"]
        : [],
    },
  );
}

/** A tensor in the dtype of computation: float16 becomes float32, exactly. */
export function computedForm(value: Tensor): Tensor {
  if (value.dtype !== "float16") return value;
  return tensor("float32", value.shape, new Float32Array(value.data as Float16Array));
}

/**
 * A parameter in its stored dtype: float32 is rounded to it, other dtypes stay.
 *
 * @throws FlwrError "failed-precondition" when a number is too large for the dtype
 */
export function storedForm(name: string, value: Tensor, type: StoredType): Tensor {
  if (value.dtype !== "float32" || type === "float32") return value;
  const numbers = value.data as Float32Array;
  const rounded = new Float16Array(numbers);
  const at = rounded.findIndex((number, i) =>
    !Number.isFinite(number) && Number.isFinite(numbers[i])
  );
  if (at >= 0) {
    throw new FlwrError(
      "failed-precondition",
      `Parameter "${name}" is too large for float16: it has ${numbers[at]}`,
      { hints: ['Set "parameterType" to float32'] },
    );
  }
  return tensor(type, value.shape, rounded);
}

/** Applies {@link storedForm} to all parameters. */
export function storedForms(
  parameters: ReadonlyMap<string, Tensor>,
  type: StoredType,
): ReadonlyMap<string, Tensor> {
  if (type === "float32") return parameters;
  return new Map([...parameters].map(([name, value]) => [name, storedForm(name, value, type)]));
}

/** Applies {@link computedForm} to all parameters. */
export function computedForms(parameters: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map([...parameters].map(([name, value]) => [name, computedForm(value)]));
}
