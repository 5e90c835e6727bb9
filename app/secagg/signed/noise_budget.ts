import { FlwrError } from "../../../base/error.ts";
import { rdpOfIntegerSum } from "../../../privacy/accounting/integer_noise_rdp.ts";
import type { IntegerNoisePlan } from "../../../privacy/accounting/integer_plan.ts";
import { DEFAULT_ORDERS } from "../../../privacy/accounting/rdp.ts";
import { bestEpsilon } from "../../../privacy/accounting/rdp_ledger.ts";
import { ConfigRecord } from "../../config_record.ts";
import type { PrivacyReport } from "../../events.ts";
import { float } from "../../float.ts";

/** Adds up the privacy loss of the sums of a run, in Rényi divergences. */
export class NoiseBudget {
  readonly #delta: number;
  readonly #maxEpsilon: number | undefined;
  #total = new Float64Array(DEFAULT_ORDERS.length);
  #last: Float64Array | undefined;

  /** @param maxEpsilon the largest ε (default: no limit) */
  constructor(delta: number, maxEpsilon: number | undefined) {
    this.#delta = delta;
    this.#maxEpsilon = maxEpsilon;
  }

  /** Counts a sum, with the planned noise of the nodes that do not collude. Additional noise does not count. */
  spend(plan: IntegerNoisePlan): PrivacyReport {
    this.#last = rdpOfIntegerSum(plan);
    this.#total = added(this.#total, this.#last);
    return {
      ...{ epsilon: this.#epsilon(this.#total), delta: this.#delta, unit: "node" },
      ...{ neighboringRelation: "add-or-remove-one", samplingMethod: "no-amplification" },
      accountingMethod: "rdp",
    };
  }

  /**
   * The reason why another sum would exceed the budget. Undefined if it would not, or if there is no budget.
   *
   * @param plan plan of the next round (default: that of the last round)
   */
  wouldExceed(plan?: IntegerNoisePlan): string | undefined {
    const next = plan === undefined ? this.#last : rdpOfIntegerSum(plan);
    if (this.#maxEpsilon === undefined || next === undefined) return undefined;
    if (this.#epsilon(added(this.#total, next)) <= this.#maxEpsilon) return undefined;
    const spent = Number(this.#epsilon(this.#total).toPrecision(4));
    return `Privacy budget: another round would exceed ε ${this.#maxEpsilon} at δ ${this.#delta}, of which ` +
      `${spent} is spent`;
  }

  /** The privacy loss so far, as a record. */
  state(): ConfigRecord {
    const record = new ConfigRecord({ rdp: float([...this.#total]) });
    return this.#last === undefined ? record : record.set("last", float([...this.#last]));
  }

  /**
   * Replaces the privacy loss by that in a record of {@link state}. @throws FlwrError "invalid-argument" for another
   * one
   */
  restore(record: ConfigRecord): void {
    const read = (key: string) => {
      const typed = record.typed(key);
      const isWhole = typed?.type === "double[]" && typed.value.length === DEFAULT_ORDERS.length;
      if (isWhole && typed.value.every((rdp) => rdp >= 0)) return Float64Array.from(typed.value);
      throw new FlwrError("invalid-argument", "The state of a privacy budget is malformed");
    };
    const last = record.has("last") ? read("last") : undefined;
    this.#total = read("rdp");
    this.#last = last;
  }

  #epsilon(rdp: Float64Array): number {
    if (rdp.every((divergence) => divergence === 0)) return 0;
    return bestEpsilon(DEFAULT_ORDERS, rdp, this.#delta).epsilon;
  }
}

function added(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  return a.map((value, i) => value + b[i]!) as Float64Array<ArrayBuffer>;
}
