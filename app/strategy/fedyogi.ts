import { FedOpt, type FedOptOptions } from "./fedopt.ts";

/**
 * FedYogi (Reddi et al., 2020, arXiv:2003.00295): v ← v − (1 − β₂)·Δ²·sign(v − Δ²).
 * Defaults: η 0.01, β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export class FedYogi extends FedOpt {
  /**
   * The strategy with these options.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: FedOptOptions = {}) {
    super({
      ...options,
      eta: options.eta ?? 0.01,
      beta1: options.beta1 ?? 0.9,
      beta2: options.beta2 ?? 0.99,
    });
  }

  /** v − (1 − β₂)·Δ²·sign(v − Δ²). */
  protected override secondMoment(v: number, squared: number): number {
    return v - (1 - this.beta2) * squared * Math.sign(v - squared);
  }
}
