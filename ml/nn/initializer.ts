import { elementCount, tensor } from "../../tensor/tensor.ts";
import type { Initializer } from "./layer.ts";

/** Numbers from [−bound, bound), all equally likely. */
export function uniform(bound: number): Initializer {
  return (random, shape) => {
    const data = Float32Array.from(
      { length: elementCount(shape) },
      () => (2 * random.uniform() - 1) * bound,
    );
    return tensor("float32", shape, data);
  };
}

/**
 * PyTorch's default for weights and biases of dense and convolution layers: uniform within ±1/√(fan in), which is
 * what kaiming_uniform_ with a = √5 comes to.
 *
 * @param fanIn how many numbers go into one output
 */
export function fanInUniform(fanIn: number): Initializer {
  return uniform(1 / Math.sqrt(fanIn));
}

/** Numbers from a normal distribution around 0 (Box–Muller). */
export function normal(deviation: number): Initializer {
  return (random, shape) => {
    const data = Float32Array.from({ length: elementCount(shape) }, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
      return deviation * radius * Math.cos(2 * Math.PI * random.uniform());
    });
    return tensor("float32", shape, data);
  };
}

/** One number everywhere. */
export function filled(value: number): Initializer {
  return (_, shape) => tensor("float32", shape, new Float32Array(elementCount(shape)).fill(value));
}
