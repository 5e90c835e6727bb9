import { checkNumber } from "../../../base/check_option.ts";
import type { TypedArray } from "../../../tensor/dtype.ts";
import { elementRule, type Elements } from "./element_rule.ts";
import { type LearningRate, rateIn } from "./learning_rate.ts";
import type { ServerRule } from "./server_rule.ts";

/** Options of {@link momentumRule}. */
export interface MomentumOptions {
  /** η, the server's learning rate, from 0 (default 1). */
  readonly serverLearningRate?: LearningRate;
  /** β, the server's momentum, from 0 to 1 (default 0). */
  readonly serverMomentum?: number;
}

/**
 * Momentum at the server (Hsu et al., 2019, arXiv:1909.06335): with w the model sent and w̄ the aggregate,
 * m ← β·m + (w − w̄), and the new model is w − η·m. Computed in double precision. The state is `momentum`.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export function momentumRule(
  { serverLearningRate = 1, serverMomentum = 0 }: MomentumOptions = {},
): ServerRule {
  const rate = rateIn("serverLearningRate", serverLearningRate);
  checkNumber("serverMomentum", serverMomentum, 0, 1);
  const keep = serverMomentum;
  return elementRule([{ name: "momentum" }], (number) => {
    const eta = rate(number);
    // exactly FedAvg, bit for bit
    if (eta === 1 && serverMomentum === 0) return undefined;
    return {
      run: (result, elements, keeps) => step(result, elements, keeps, { eta, keep }),
      bounds({ old, delta, moments: [m] }) {
        const next = keep * m! + delta;
        return { result: old + eta * next, moments: [next] };
      },
    };
  });
}

function step(
  result: TypedArray | undefined,
  { old, mean, moments }: Elements,
  keeps: boolean,
  { eta, keep }: { readonly eta: number; readonly keep: number },
): number | undefined {
  const [m] = moments as [Float64Array];
  let odd: number | undefined;
  for (let i = 0; i < old.length; i++) {
    const from = old[i]!;
    const next = keep * m[i]! + (from - mean[i]!);
    if (keeps) m[i] = next;
    else if (!(next - next === 0)) odd ??= i;
    if (result !== undefined) result[i] = from - eta * next;
  }
  return odd;
}
