import { checkNumber } from "../../../base/check_option.ts";
import { elementwise, mapModel } from "../arrays/elementwise.ts";
import { type LearningRate, rateIn } from "./learning_rate.ts";
import { replaceRule, type ServerRule } from "./server_rule.ts";

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
  return {
    apply(round, aggregate, state) {
      const eta = rate(round.number);
      // FedAvg, to the bit
      if (eta === 1 && serverMomentum === 0) return replaceRule().apply(round, aggregate, state);
      const moments = state.moments("momentum");
      return mapModel(round.sent, (name, old) => {
        const mean = aggregate.get(name);
        if (mean === undefined) return old;
        const m = moments.of(name, old);
        return elementwise(old, (i) => {
          const from = Number(old.data[i]!);
          m[i] = serverMomentum * m[i]! + (from - Number(mean.data[i]!));
          return from - eta * m[i]!;
        });
      });
    },
  };
}
