import { FlwrError } from "../../base/error.ts";
import { type Tensor, zeros } from "../../tensor/tensor.ts";

/** A node's model minus the model that it received: doubles, by array name, in the model's order. */
export type ModelUpdate = ReadonlyMap<string, Float64Array>;

/** A norm of an update, over all arrays together. */
export type Norm = "l1" | "l2";

/**
 * Subtracts the model sent from a node's model.
 *
 * @param sent the global model
 * @param trained the node's model, with the same shapes, and the same names or some of them
 */
export function updateOf(
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
): Map<string, Float64Array> {
  const update = new Map<string, Float64Array>();
  for (const [name, { data }] of sent) {
    const own = trained.get(name)?.data;
    const differences = new Float64Array(data.length);
    update.set(name, differences);
    // A contract may allow replies with only some of the arrays. The others count as unchanged.
    if (own === undefined) continue;
    if (own instanceof Float32Array && data instanceof Float32Array) {
      for (let i = 0; i < data.length; i++) differences[i] = own[i]! - data[i]!;
    } else {
      for (let i = 0; i < data.length; i++) differences[i] = Number(own[i]!) - Number(data[i]!);
    }
  }
  return update;
}

/** The norm of an update: NaN if an element is, Infinity if the norm exceeds double precision. */
export function normOf(update: ModelUpdate, norm: Norm): number {
  let sum = 0;
  for (const values of update.values()) {
    if (norm === "l1") { for (const value of values) sum += Math.abs(value); }
    else for (const value of values) sum += value * value;
  }
  return norm === "l1" ? sum : Math.sqrt(sum);
}

/**
 * Scales an update down to a norm. A smaller update is unchanged.
 *
 * @param update changed in place
 * @param limit the clipping norm, above 0
 * @param norm the update's norm
 */
export function clipTo(update: ModelUpdate, limit: number, norm: number): void {
  // This includes a norm of 0, by which one cannot divide.
  if (norm <= limit) return;
  const factor = limit / norm;
  for (const values of update.values()) {
    // With an infinite norm the factor is 0, and 0 · Infinity is NaN.
    for (let i = 0; i < values.length; i++) values[i] = factor === 0 ? 0 : values[i]! * factor;
  }
}

/**
 * The model sent plus an update.
 *
 * @param like a model with the types of the result, all floating-point (default: the model sent)
 */
export function addUpdate(
  sent: ReadonlyMap<string, Tensor>,
  update: ModelUpdate,
  like = sent,
): Map<string, Tensor> {
  return new Map([...sent].map(([name, { shape, data }]) => {
    const result = zeros(like.get(name)!.dtype, shape);
    const values = update.get(name)!;
    for (let i = 0; i < values.length; i++) result.data[i] = Number(data[i]!) + values[i]!;
    return [name, result] as const;
  }));
}

/**
 * Refuses arrays that cannot carry noise.
 *
 * @param leastRank arrays of a lower rank are ignored (default 0)
 * @throws FlwrError "invalid-argument" that names the first array that is not of a floating-point type
 */
export function checkFloats(model: ReadonlyMap<string, Tensor>, leastRank = 0): void {
  for (const [name, { dtype, shape }] of model) {
    if (dtype.startsWith("float") || shape.length < leastRank) continue;
    throw new FlwrError(
      "invalid-argument",
      `Array "${name}" is ${dtype}: differential privacy needs floating-point arrays`,
      {
        hints: ["Keep counters out of the model, for example with groupNorm instead of batchNorm"],
      },
    );
  }
}
