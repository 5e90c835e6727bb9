import {
  conv2d,
  dense,
  flatten,
  type InputSpec,
  type Layer,
  maxPool2d,
  relu,
  sequential,
} from "flwr";

/** A network to measure; torch_peer.py has the same under the same name. */
export interface BenchNetwork {
  readonly network: Layer;
  readonly input: InputSpec;
  /** Examples per step. */
  readonly batch: number;
}

/** Images as the example's are. */
export const images = { shape: [3, 32, 32], normalize: { mean: 0.5, deviation: 0.5 } };

/** The example's network with so many times its filters and units. */
export function exampleNetwork(width: number): BenchNetwork {
  const network = sequential(
    conv2d({ out: 6 * width, kernel: 5 }),
    relu(),
    maxPool2d(2),
    conv2d({ out: 16 * width, kernel: 5 }),
    relu(),
    maxPool2d(2),
    flatten(),
    dense({ out: 120 * width }),
    relu(),
    dense({ out: 84 * width }),
    relu(),
    dense({ out: 10 }),
  );
  return { network, input: images, batch: 32 };
}
