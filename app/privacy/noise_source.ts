import { CryptoEntropy } from "../../privacy/noise/entropy.ts";
import { addGaussianNoise } from "../../privacy/noise/gaussian.ts";
import { addLaplaceNoise } from "../../privacy/noise/laplace.ts";

/** Adds random noise to numbers. */
export interface NoiseSource {
  /** Adds Gaussian noise to each number. @param deviation the standard deviation, from 0 */
  gaussian(values: Float64Array, deviation: number): void;
  /** Adds Laplace noise to each number. @param scale b, above 0; the standard deviation is √2 · b */
  laplace(values: Float64Array, scale: number): void;
}

/** Noise from the system's cryptographic random numbers. */
export function cryptoNoise(): NoiseSource {
  const entropy = new CryptoEntropy();
  return {
    gaussian(values, deviation) {
      if (deviation > 0) addGaussianNoise(values, deviation, entropy);
    },
    laplace: (values, scale) => addLaplaceNoise(values, scale, entropy),
  };
}
