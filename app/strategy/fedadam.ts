import { FedOpt, type FedOptOptions } from "./fedopt.ts";

/**
 * FedAdam (Reddi et al., 2020, arXiv:2003.00295): v ← β₂·v + (1 − β₂)·Δ². As in Flower, η is corrected for moments that
 * begin with zero (Kingma and Ba, 2014, arXiv:1412.6980), in round t by √(1 − β₂ᵗ⁺¹) / (1 − β₁ᵗ⁺¹).
 * Defaults: η 0.1, β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export class FedAdam extends FedOpt {
  /**
   * The strategy with these options.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: FedOptOptions = {}) {
    super({ ...options, beta1: options.beta1 ?? 0.9, beta2: options.beta2 ?? 0.99 });
  }

  /** β₂·v + (1 − β₂)·Δ². */
  protected override secondMoment(v: number, squared: number): number {
    return this.beta2 * v + (1 - this.beta2) * squared;
  }

  /** η with the correction for the moments' beginning at zero. */
  protected override learningRate(round: number): number {
    return this.eta * Math.sqrt(1 - this.beta2 ** (round + 1)) / (1 - this.beta1 ** (round + 1));
  }
}
