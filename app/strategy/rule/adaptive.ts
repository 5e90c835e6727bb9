import type { TypedArray } from "../../../tensor/dtype.ts";
import { checkNumber, checkPositive } from "../../../base/check_option.ts";
import { elementRule, type Elements } from "./element_rule.ts";
import { type LearningRate, rateIn } from "./learning_rate.ts";
import type { ServerRule } from "./server_rule.ts";

/** Options of the adaptive rules. */
export interface AdaptiveOptions {
  /** η, the server's learning rate, from 0 (default: 0.1; 0.01 for Yogi). */
  readonly eta?: LearningRate;
  /** β₁, the decay of the first moment, from 0 to below 1 (default: 0.9; 0 for Adagrad). */
  readonly beta1?: number;
  /** β₂, the decay of the second moment, from 0 to below 1 (default: 0.99; not used by Adagrad). */
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
  return adaptive({ ...options, beta1: 0, beta2: 0 }, { keep: 1, add: 1 });
}

/**
 * Adam at the server (Reddi et al., 2020, arXiv:2003.00295). With w the model sent, w̄ the aggregate and Δ = w̄ − w:
 *
 *     m ← β₁·m + (1 − β₁)·Δ;   v ← β₂·v + (1 − β₂)·Δ²;   w ← w + η·m / (√v + τ)
 *
 * As in Flower, m and v are initially zero, and η is corrected for that (Kingma and Ba, 2014, arXiv:1412.6980): in
 * round t by the factor √(1 − β₂ᵗ⁺¹) / (1 − β₁ᵗ⁺¹). Computed in double precision. The state is `first` and `second`.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export function adamRule(options: AdaptiveOptions = {}): ServerRule {
  const { beta1 = 0.9, beta2 = 0.99, eta = 0.1, ...others } = options;
  const rate = rateIn("eta", eta);
  const corrected = (round: number) =>
    rate(round) * Math.sqrt(1 - beta2 ** (round + 1)) / (1 - beta1 ** (round + 1));
  return adaptive({ ...others, eta: corrected, beta1, beta2 }, { keep: beta2, add: 1 - beta2 });
}

/**
 * Yogi at the server (Reddi et al., 2020, arXiv:2003.00295): v ← v − (1 − β₂)·Δ²·sign(v − Δ²). See {@link adamRule}.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export function yogiRule(options: AdaptiveOptions = {}): ServerRule {
  const { beta1 = 0.9, beta2 = 0.99, eta = 0.01, ...others } = options;
  return adaptive({ ...others, eta, beta1, beta2 }, { towards: 1 - beta2 });
}

/** How v changes: v ← keep·v + add·Δ², or v ← v − towards·Δ²·sign(v − Δ²). */
type SecondMoment =
  | { readonly keep: number; readonly add: number }
  | { readonly towards: number };

function adaptive(
  { eta = 0.1, beta1 = 0, beta2 = 0, tau = 1e-3 }: AdaptiveOptions,
  second: SecondMoment,
): ServerRule {
  const rate = rateIn("eta", eta);
  checkNumber("beta1", beta1, 0, 1 - Number.EPSILON);
  checkNumber("beta2", beta2, 0, 1 - Number.EPSILON);
  checkPositive("tau", tau);
  const { towards, keep, add } = "towards" in second
    ? { towards: second.towards, keep: 1, add: 0 }
    : { ...second, towards: undefined };
  const rest = 1 - beta1;
  return elementRule([{ name: "first" }, { name: "second", isPositive: true }], (number) => {
    const eta = rate(number);
    return {
      run: (result, elements, keeps) =>
        step(result, elements, keeps, { eta, tau, beta1, rest, towards, keep, add }),
      bounds({ old, delta, moments: [m, v] }) {
        const first = Math.max(m!, delta);
        const after = keep * v! + (towards ?? add) * delta * delta;
        return { result: old + eta * first / tau, moments: [first, after] };
      },
    };
  });
}

/** The numbers of a step, with `rest` = 1 − β₁. */
interface StepNumbers {
  readonly eta: number;
  readonly tau: number;
  readonly beta1: number;
  readonly rest: number;
  readonly towards: number | undefined;
  readonly keep: number;
  readonly add: number;
}

function step(
  result: TypedArray | undefined,
  { old, mean, moments }: Elements,
  keeps: boolean,
  { eta, tau, beta1, rest, towards, keep, add }: StepNumbers,
): number | undefined {
  const [m, v] = moments as [Float64Array, Float64Array];
  let odd: number | undefined;
  for (let i = 0; i < old.length; i++) {
    const from = old[i]!;
    const delta = mean[i]! - from;
    const squared = delta * delta;
    const first = beta1 * m[i]! + rest * delta;
    const before = v[i]!;
    const after = towards === undefined
      ? keep * before + add * squared
      : before - towards * squared * Math.sign(before - squared);
    if (keeps) {
      m[i] = first;
      v[i] = after;
    } else if (!(first - first === 0 && after - after === 0)) odd ??= i;
    if (result !== undefined) result[i] = from + eta * first / (Math.sqrt(after) + tau);
  }
  return odd;
}
