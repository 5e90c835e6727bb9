import type { Tensor } from "../../tensor/tensor.ts";
import { checkNumber } from "./check_option.ts";
import { elementwise, mapModel } from "./elementwise.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import type { CheckedReply } from "./reply_check.ts";
import type { Round } from "./strategy.ts";

/** Options of the adaptive strategies. */
export interface FedOptOptions extends FedAvgOptions {
  /** η, the server's learning rate, from 0. */
  readonly eta?: number;
  /** β₁, the decay of the first moment, from 0 to below 1. */
  readonly beta1?: number;
  /** β₂, the decay of the second moment, from 0 to below 1. */
  readonly beta2?: number;
  /** τ, the degree of adaptivity, above 0 (default 0.001). */
  readonly tau?: number;
}

/**
 * Adaptive federated optimisation (Reddi et al., 2020, arXiv:2003.00295): with w the model sent, w̄ the average of the
 * nodes' models and Δ = w̄ − w,
 *
 *     m ← β₁·m + (1 − β₁)·Δ;   v ← the strategy's rule of v and Δ²;   w ← w + η·m / (√v + τ)
 *
 * m and v are initially zero, as in Flower. Computed in double precision.
 */
export abstract class FedOpt extends FedAvg {
  protected readonly eta: number;
  protected readonly beta1: number;
  protected readonly beta2: number;
  readonly #tau: number;
  readonly #first = this.moments();
  readonly #second = this.moments();

  constructor({ eta = 0.1, beta1 = 0, beta2 = 0, tau = 1e-3, ...options }: FedOptOptions) {
    super(options);
    checkNumber("eta", eta, 0);
    checkNumber("beta1", beta1, 0, 1 - Number.EPSILON);
    checkNumber("beta2", beta2, 0, 1 - Number.EPSILON);
    checkNumber("tau", tau, Number.MIN_VALUE);
    this.eta = eta;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.#tau = tau;
  }

  /** True: the rule takes the mean alone. */
  override get usesMeanOnly(): boolean {
    return true;
  }

  /** The new v, computed from the old one and Δ². */
  protected abstract secondMoment(v: number, squared: number): number;

  /** η in a round, from 1. */
  protected learningRate(_round: number): number {
    return this.eta;
  }

  protected override aggregateModels(
    round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const average = super.aggregateModels(round, replies);
    const eta = this.learningRate(round.number);
    return mapModel(round.arrays.viewTensors(), (name, sent) => {
      const { data } = average.get(name)!;
      const m = this.#first.of(name, sent);
      const v = this.#second.of(name, sent);
      return elementwise(sent, (i) => {
        const old = Number(sent.data[i]!);
        const delta = Number(data[i]!) - old;
        m[i] = this.beta1 * m[i]! + (1 - this.beta1) * delta;
        v[i] = this.secondMoment(v[i]!, delta * delta);
        return old + eta * m[i]! / (Math.sqrt(v[i]!) + this.#tau);
      });
    });
  }
}

/** FedAdagrad (Reddi et al., 2020, arXiv:2003.00295): v ← v + Δ², without decay. Defaults: η 0.1, τ 0.001. */
export class FedAdagrad extends FedOpt {
  /**
   * Creates the strategy.
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

/**
 * FedAdam (Reddi et al., 2020, arXiv:2003.00295): v ← β₂·v + (1 − β₂)·Δ². As in Flower, η is corrected for moments that
 * are initially zero (Kingma and Ba, 2014, arXiv:1412.6980), in round t by √(1 − β₂ᵗ⁺¹) / (1 − β₁ᵗ⁺¹). Defaults: η 0.1,
 * β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export class FedAdam extends FedOpt {
  /**
   * Creates the strategy.
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

  /** η, corrected for moments that are initially zero. */
  protected override learningRate(round: number): number {
    return this.eta * Math.sqrt(1 - this.beta2 ** (round + 1)) / (1 - this.beta1 ** (round + 1));
  }
}

/**
 * FedYogi (Reddi et al., 2020, arXiv:2003.00295): v ← v − (1 − β₂)·Δ²·sign(v − Δ²).
 * Defaults: η 0.01, β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export class FedYogi extends FedOpt {
  /**
   * Creates the strategy.
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
