import { type Tensor, tensor } from "../../../tensor/tensor.ts";

/**
 * Converts a tensor of float16 or float64 to float32, in which everything is computed; returns other tensors unchanged.
 */
export function realTensor(value: Tensor): Tensor {
  if (value.dtype !== "float16" && value.dtype !== "float64") return value;
  return tensor("float32", value.shape, Float32Array.from(value.data as Float64Array));
}
