import type { Tensor } from "../../tensor/tensor.ts";
import { elementwise, mapModel } from "./elementwise.ts";

/**
 * The Euclidean norm of an update: of all differences between a node's model and the one sent, over all arrays together.
 * Infinity only where a difference or the norm itself is beyond double precision.
 *
 * @param sent the global model
 * @param trained the node's, with the same names and shapes
 */
export function updateNorm(
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
): number {
  let squares = 0;
  let largest = 0;
  for (const [name, { data }] of sent) {
    const own = trained.get(name)!.data;
    for (let i = 0; i < data.length; i++) {
      const difference = Math.abs(Number(own[i]!) - Number(data[i]!));
      if (difference > largest) largest = difference;
      squares += difference * difference;
    }
  }
  if (squares !== Infinity || largest === Infinity) return Math.sqrt(squares);
  // The squares left the range of doubles: the same sum in units of the largest difference.
  return largest * updateNormIn(largest, sent, trained);
}

function updateNormIn(
  unit: number,
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
): number {
  let squares = 0;
  for (const [name, { data }] of sent) {
    const own = trained.get(name)!.data;
    for (let i = 0; i < data.length; i++) {
      squares += ((Number(own[i]!) - Number(data[i]!)) / unit) ** 2;
    }
  }
  return Math.sqrt(squares);
}

/** A node's model with its update made shorter by a factor: sent + factor · (trained − sent), in double precision. */
export function scaleUpdate(
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
  factor: number,
): Map<string, Tensor> {
  return mapModel(trained, (name, own) => {
    const { data } = sent.get(name)!;
    return elementwise(own, (i) => {
      const from = Number(data[i]!);
      return from + factor * (Number(own.data[i]!) - from);
    });
  });
}
