import type { Tensor } from "../../tensor/tensor.ts";
import { elementwise } from "./arrays/elementwise.ts";

/**
 * Computes arrays for the real numbers of a model; counters are left out, because they are not trained.
 *
 * @param compute computes an element from its name and index
 */
export function mapFloats(
  model: ReadonlyMap<string, Tensor>,
  compute: (name: string, tensor: Tensor) => (index: number) => number,
): Map<string, Tensor> {
  const made = new Map<string, Tensor>();
  for (const [name, tensor] of model) {
    if (tensor.dtype.startsWith("float")) {
      made.set(name, elementwise(tensor, compute(name, tensor)));
    }
  }
  return made;
}
