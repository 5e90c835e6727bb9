import { FedOpt, type FedOptOptions } from "./fedopt.ts";

/** FedAdagrad (Reddi et al., 2020, arXiv:2003.00295): v ← v + Δ², without decay. Defaults: η 0.1, τ 0.001. */
export class FedAdagrad extends FedOpt {
  /**
   * The strategy with these options.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: Omit<FedOptOptions, "beta1" | "beta2"> = {}) {
    super({ ...options, beta1: 0, beta2: 0 });
  }

  /** v + Δ². */
  protected override secondMoment(v: number, squared: number): number {
    return v + squared;
  }
}
