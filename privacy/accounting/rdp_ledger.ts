import type { PrivacyLedger } from "./ledger.ts";
import { DEFAULT_ORDERS, rdpOfRelease } from "./rdp.ts";
import { type GaussianRelease, outOfRange, type RepeatedRelease } from "./release.ts";

/** Converts the Rényi divergences of releases to (ε, δ). */
export class RdpLedger implements PrivacyLedger {
  readonly method = "rdp";
  /** The orders at which divergences are kept. */
  readonly orders: readonly number[];
  readonly #total: Float64Array;

  /**
   * Composes releases.
   *
   * @param divergencesOf the divergences of a release at the orders (default: computed)
   * @throws FlwrError "invalid-argument" unless there are orders, all finite and above 1
   */
  constructor(
    releases: readonly RepeatedRelease[],
    orders: readonly number[] = DEFAULT_ORDERS,
    divergencesOf: (release: GaussianRelease) => Float64Array = (release) =>
      rdpOfRelease(release, orders),
  ) {
    if (orders.length === 0) throw outOfRange("orders", "at least one number above 1", "none");
    for (const order of orders) {
      if (!(order > 1 && order < Infinity)) throw outOfRange("orders", "finite and above 1", order);
    }
    this.orders = orders;
    this.#total = new Float64Array(orders.length);
    for (const { release, count } of releases) {
      divergencesOf(release).forEach((rdp, i) => this.#total[i]! += count * rdp);
    }
  }

  /** The smallest ε at `delta`, over all orders: Canonne, Kamath, Steinke, arXiv:2004.00010, proposition 12. */
  epsilon(delta: number): number {
    return this.atBestOrder(delta).epsilon;
  }

  /** The smallest ε at `delta`, and the order that gives it. */
  atBestOrder(delta: number): { epsilon: number; order: number } {
    return bestEpsilon(this.orders, this.#total, delta);
  }

  /** The smallest δ at `epsilon`, over all orders. */
  delta(epsilon: number): number {
    return this.orders.reduce((least, order, i) => {
      const rdp = this.#total[i]!;
      if (rdp === Infinity) return least;
      const byTotalVariation = Math.sqrt(-Math.expm1(-rdp));
      const byOrder = Math.exp(
        (order - 1) * (rdp - epsilon + Math.log1p(-1 / order)) - Math.log(order),
      );
      return Math.min(least, byTotalVariation, byOrder);
    }, 1);
  }
}

/** The smallest ε that Rényi divergences at some orders give at `delta`, and the order that gives it. */
export function bestEpsilon(
  orders: readonly number[],
  divergences: Float64Array,
  delta: number,
): { epsilon: number; order: number } {
  let best = { epsilon: Infinity, order: orders[0]! };
  orders.forEach((order, i) => {
    const epsilon = Math.max(0, epsilonAt(order, divergences[i]!, delta));
    if (epsilon < best.epsilon) best = { epsilon, order };
  });
  return best;
}

function epsilonAt(order: number, rdp: number, delta: number): number {
  // Divergence this small bounds the total variation by δ, which is ε = 0.
  if (delta ** 2 + Math.expm1(-rdp) > 0) return 0;
  return rdp + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1);
}
