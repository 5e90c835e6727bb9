import { checkNumber, checkPositive } from "../../check_option.ts";
import { elementwise, mapModel } from "../arrays/elementwise.ts";
import { type LearningRate, rateIn } from "./learning_rate.ts";
import type { ServerRule } from "./server_rule.ts";

/** Options of the adaptive rules. */
export interface AdaptiveOptions {
  /** η, the server's learning rate, from 0 (default 0.1; Yogi 0.01). */
  readonly eta?: LearningRate;
  /** β₁, the decay of the first moment, from 0 to below 1 (default 0.9; Adagrad 0). */
  readonly beta1?: number;
  /** β₂, the decay of the second moment, from 0 to below 1 (default 0.99; Adagrad has none). */
  readonly beta2?: number;
  /** τ, the degree of adaptivity, above 0 (default 0.001). */
  readonly tau?: number;
}

/**
 * Adagrad at the server (Reddi et al., 2020, arXiv:2003.00295): v ← v + Δ², without decay. See {@link adamRule}.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export function adagradRule(options: Omit<AdaptiveOptions, "beta1" | "beta2"> = {}): ServerRule {
  return adaptive({ ...options, beta1: 0, beta2: 0 }, () => (v, squared) => v + squared);
}

/**
 * Adam at the server (Reddi et al., 2020, arXiv:2003.00295): with w the model sent, w̄ the aggregate and Δ = w̄ − w,
 *
 *     m ← β₁·m + (1 − β₁)·Δ;   v ← β₂·v + (1 − β₂)·Δ²;   w ← w + η·m / (√v + τ)
 *
 * m and v are initially zero, as in Flower. As there, η is corrected for that (Kingma and Ba, 2014, arXiv:1412.6980), in
 * round t by √(1 − β₂ᵗ⁺¹) / (1 − β₁ᵗ⁺¹). Computed in double precision. The state is `first` and `second`.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export function adamRule(options: AdaptiveOptions = {}): ServerRule {
  const { beta1 = 0.9, beta2 = 0.99, eta = 0.1, ...others } = options;
  const rate = rateIn("eta", eta);
  const corrected = (round: number) =>
    rate(round) * Math.sqrt(1 - beta2 ** (round + 1)) / (1 - beta1 ** (round + 1));
  return adaptive(
    { ...others, eta: corrected, beta1, beta2 },
    (beta2) => (v, squared) => beta2 * v + (1 - beta2) * squared,
  );
}

/**
 * Yogi at the server (Reddi et al., 2020, arXiv:2003.00295): v ← v − (1 − β₂)·Δ²·sign(v − Δ²). See {@link adamRule}.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export function yogiRule(options: AdaptiveOptions = {}): ServerRule {
  return adaptive(
    {
      ...options,
      eta: options.eta ?? 0.01,
      beta1: options.beta1 ?? 0.9,
      beta2: options.beta2 ?? 0.99,
    },
    (beta2) => (v, squared) => v - (1 - beta2) * squared * Math.sign(v - squared),
  );
}

function adaptive(
  { eta = 0.1, beta1 = 0, beta2 = 0, tau = 1e-3 }: AdaptiveOptions,
  secondMoment: (beta2: number) => (v: number, squared: number) => number,
): ServerRule {
  const rate = rateIn("eta", eta);
  checkNumber("beta1", beta1, 0, 1 - Number.EPSILON);
  checkNumber("beta2", beta2, 0, 1 - Number.EPSILON);
  checkPositive("tau", tau);
  const second = secondMoment(beta2);
  return {
    apply({ sent, number }, aggregate, state) {
      const eta = rate(number);
      const [firsts, seconds] = [state.moments("first"), state.moments("second")];
      return mapModel(sent, (name, old) => {
        const mean = aggregate.get(name);
        if (mean === undefined) return old;
        const [m, v] = [firsts.of(name, old), seconds.of(name, old)];
        return elementwise(old, (i) => {
          const from = Number(old.data[i]!);
          const delta = Number(mean.data[i]!) - from;
          m[i] = beta1 * m[i]! + (1 - beta1) * delta;
          v[i] = second(v[i]!, delta * delta);
          return from + eta * m[i]! / (Math.sqrt(v[i]!) + tau);
        });
      });
    },
  };
}
