import { type Tensor, tensor } from "../../../tensor/tensor.ts";

/** A tensor of float16 or float64 as float32, which everything is computed in; others as they are. */
export function realTensor(value: Tensor): Tensor {
  if (value.dtype !== "float16" && value.dtype !== "float64") return value;
  return tensor("float32", value.shape, Float32Array.from(value.data as Float64Array));
}
