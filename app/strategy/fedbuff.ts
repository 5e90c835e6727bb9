import { checkNumber, checkPositive } from "../../base/check_option.ts";
import { Mean, WeightedMean } from "./aggregator/mean.ts";
import { elementwise } from "./arrays/elementwise.ts";
import { type BufferedOptions, BufferedStrategy, type Update } from "./buffered_strategy.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import type { Tensors } from "./round/round.ts";
import { polynomialStaleness } from "./staleness/staleness.ts";

/** Options of {@link FedBuff}. */
export interface FedBuffOptions extends BufferedOptions {
  /**
   * K, the number of updates that make a new version, each of another node, from 1 (default 10). Choose it below the
   * number of nodes. Otherwise each version waits for all online nodes, or for their `timeout`.
   */
  readonly bufferSize?: number;
  /** Whether updates are also weighted by their nodes' numbers of examples (default false, as in the paper). */
  readonly weighted?: boolean;
}

/**
 * Buffered asynchronous aggregation (Nguyen et al., 2022, arXiv:2106.06639, algorithm 1). With w the current version,
 * wᵢ the version that node i received, xᵢ its model and τᵢ its staleness, updates of K nodes make the new version
 *
 *     w ← w + 1/K · Σ s(τᵢ)·(xᵢ − wᵢ)
 *
 * by default with s(τ) = (1 + τ)^−½. With a `rule`, for example momentum, this result is the aggregate that the rule
 * gets.
 *
 * @example
 * ```ts
 * const result = await new FedBuff({ bufferSize: 3, concurrency: 8 }).start(grid, { numRounds: 100 });
 * ```
 */
export class FedBuff extends BufferedStrategy {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" that names the option that is out of range
   */
  constructor({ bufferSize = 10, weighted = false, ...options }: FedBuffOptions = {}) {
    super({
      aggregator: weighted ? new WeightedMean() : new Mean(),
      staleness: polynomialStaleness(),
      ...options,
    }, bufferSize);
  }

  /** w + s(τ)·(x − wᵢ), in double precision. */
  protected override merge({ reply, scale, base, current }: Update): CheckedReply {
    return { ...reply, tensors: moved(current.sent, base.sent, reply.tensors, scale) };
  }
}

/** Options of {@link FedAsync}. */
export interface FedAsyncOptions extends BufferedOptions {
  /** α, the weight of an update of staleness 0, above 0 to 1 (default 0.6). */
  readonly alpha?: number;
}

/**
 * Asynchronous federated optimisation (Xie et al., 2019, arXiv:1903.03934, algorithm 1): each update makes a new version.
 * With w the current version, x the node's model and τ its staleness, w ← w + α·s(τ)·(x − w), by default with
 * s(τ) = (1 + τ)^−½. So a node that replies more often has more influence. Nodes that train with a proximal term, as in the paper, read `proximal-mu` from their settings:
 * `trainConfig: { "proximal-mu": float(0.01) }`.
 */
export class FedAsync extends BufferedStrategy {
  readonly #alpha: number;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" that names the option that is out of range
   */
  constructor({ alpha = 0.6, ...options }: FedAsyncOptions = {}) {
    super({ aggregator: new Mean(), staleness: polynomialStaleness(), ...options }, 1);
    checkPositive("alpha", alpha);
    checkNumber("alpha", alpha, 0, 1);
    this.#alpha = alpha;
  }

  /** w + α·s(τ)·(x − w), in double precision. */
  protected override merge({ reply, scale, current }: Update): CheckedReply {
    const factor = this.#alpha * scale;
    return { ...reply, tensors: moved(current.sent, current.sent, reply.tensors, factor) };
  }
}

/** from + factor · (own − base), for the arrays that the node sent. */
function moved(from: Tensors, base: Tensors, own: Tensors, factor: number): Tensors {
  return new Map(
    [...own].map(([name, tensor]) => {
      const [start, origin] = [from.get(name)!.data, base.get(name)!.data];
      const update = elementwise(
        tensor,
        (i) => Number(start[i]!) + factor * (Number(tensor.data[i]!) - Number(origin[i]!)),
      );
      return [name, update] as const;
    }),
  );
}
