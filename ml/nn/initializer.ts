import { elementCount, tensor } from "../../tensor/tensor.ts";
import type { Initializer } from "./layer.ts";

/** Uniform numbers from [−bound, bound). */
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
 * PyTorch's default for weights and biases of dense and convolution layers: uniform within ±1/√(fan in), which equals
 * kaiming_uniform_ with a = √5.
 *
 * @param fanIn number of inputs of each output
 */
export function fanInUniform(fanIn: number): Initializer {
  return uniform(1 / Math.sqrt(fanIn));
}

/**
 * Normal numbers with mean 0 (Box–Muller).
 *
 * @param deviation the standard deviation
 */
export function normal(deviation: number): Initializer {
  return (random, shape) => {
    const data = Float32Array.from({ length: elementCount(shape) }, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
      return deviation * radius * Math.cos(2 * Math.PI * random.uniform());
    });
    return tensor("float32", shape, data);
  };
}

/** The same number everywhere. */
export function filled(value: number): Initializer {
  return (_, shape) => tensor("float32", shape, new Float32Array(elementCount(shape)).fill(value));
}

/** Inputs of each output and outputs of each input, for a weight [out, in, …]. */
function fans([out = 1, into = 1, ...kernel]: readonly number[]): { into: number; out: number } {
  const taps = elementCount(kernel);
  return { into: into * taps, out: out * taps };
}

/**
 * Initialisation by He et al. (2015) for weights [out, in, …] before a ReLU: standard deviation √(2 / fan in), like
 * PyTorch's kaiming_normal_ and kaiming_uniform_ with their defaults.
 */
export function kaiming(distribution: "uniform" | "normal" = "normal"): Initializer {
  return (random, shape) => spread(distribution, Math.sqrt(2 / fans(shape).into))(random, shape);
}

/**
 * Initialisation by Glorot and Bengio (2010) for weights [out, in, …]: standard deviation √(2 / (fan in + fan out)),
 * like PyTorch's xavier_normal_ and xavier_uniform_.
 */
export function xavier(distribution: "uniform" | "normal" = "uniform"): Initializer {
  return (random, shape) => {
    const { into, out } = fans(shape);
    return spread(distribution, Math.sqrt(2 / (into + out)))(random, shape);
  };
}

function spread(distribution: "uniform" | "normal", deviation: number): Initializer {
  return distribution === "normal" ? normal(deviation) : uniform(Math.sqrt(3) * deviation);
}
