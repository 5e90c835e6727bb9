import type { DType } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { normOf, updateOf } from "./model_update.ts";

/** Largest relative error of rounding to each type. */
const ROUNDING: Readonly<Partial<Record<DType, number>>> = {
  float16: 2 ** -11,
  float32: 2 ** -24,
  float64: 2 ** -53,
};

/** Largest relative error of the norm that a node computes. */
const NORM_ERROR = 1e-4;

/**
 * Finds updates that a node has not clipped. A node that has clipped rounds its model to the model's types, so the norm
 * of its update may be slightly above the limit.
 *
 * @param sent the global model
 * @returns a function that returns the reason against a node's model, or undefined if the model is within the limit
 */
export function clippingTolerance(
  sent: ReadonlyMap<string, Tensor>,
  limit: number,
): (trained: ReadonlyMap<string, Tensor>) => string | undefined {
  let squares = 0;
  for (const { dtype, data } of sent.values()) {
    const error = 2 * (ROUNDING[dtype] ?? 0);
    for (const value of data) squares += (error * (Math.abs(Number(value)) + limit)) ** 2;
  }
  const most = limit * (1 + NORM_ERROR) + Math.sqrt(squares);
  return (trained) => {
    const norm = normOf(updateOf(sent, trained), "l2");
    if (norm <= most) return undefined;
    return `its update has norm ${Number(norm.toPrecision(4))}, which is not clipped to ` +
      `${Number(limit.toPrecision(4))}`;
  };
}
