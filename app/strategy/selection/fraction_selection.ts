import type { NodeId } from "../../../entities/metadata.ts";
import { checkCount, checkNumber } from "../../../base/check_option.ts";
import type { NodeFilter } from "../../grid.ts";
import type { PhaseRound } from "../round/round.ts";
import { roundRandom, sampleNodes, sampleSize } from "./sampling.ts";
import type { SelectedNodes, Selection } from "./selection.ts";

/** Options of a {@link FractionSelection}. */
export interface FractionSelectionOptions {
  /** Share of the online nodes, 0 to 1; 0 skips the phase (default 1). */
  readonly fraction?: number;
  /** Smallest number of nodes, from 1 (default 2). */
  readonly minNodes?: number;
  /** Number of nodes that must be online before nodes are chosen, from 1 (default 2). */
  readonly minAvailableNodes?: number;
  /** Nodes that may be chosen, by id and name; other nodes do not count as online (default: all). */
  readonly where?: NodeFilter;
  /** Seed that makes the choice of each round repeatable (default: random). */
  readonly seed?: number;
}

/**
 * A share of the online nodes, chosen uniformly at random in each round: max(⌊fraction · online⌋, minNodes), as in
 * Flower's FedAvg. Waits until enough nodes are online.
 *
 * With a seed, the choice depends only on the seed, the phase, the round and the online nodes, so a resumed run chooses
 * the same nodes as an uninterrupted one.
 *
 * @example
 * ```ts
 * new FractionSelection({ fraction: 0.5, where: ({ name }) => name?.startsWith("hospital-") === true });
 * ```
 */
export class FractionSelection implements Selection {
  readonly #options: FractionSelectionOptions & { fraction: number };
  readonly #minNodes: number;
  readonly #minAvailable: number;

  /**
   * Creates the selection.
   *
   * @throws FlwrError "invalid-argument" that names the option that is out of range
   */
  constructor(options: FractionSelectionOptions = {}) {
    const { fraction = 1, minNodes = 2, minAvailableNodes = 2 } = options;
    checkNumber("fraction", fraction, 0, 1);
    checkCount("minNodes", minNodes, 1);
    checkCount("minAvailableNodes", minAvailableNodes, 1);
    this.#options = { ...options, fraction };
    this.#minNodes = minNodes;
    this.#minAvailable = minAvailableNodes;
  }

  /** Chooses nodes, in ascending order. @throws FlwrError "cancelled" by the round's signal */
  async select(round: PhaseRound): Promise<SelectedNodes> {
    const { fraction, where } = this.#options;
    if (fraction === 0) return { nodeIds: [], available: 0 };
    const online: NodeId[] = await round.grid.waitForNodes(
      Math.max(this.#minAvailable, this.#minNodes),
      { signal: round.signal, where },
    );
    const size = sampleSize(online.length, fraction, this.#minNodes);
    const random = roundRandom(this.#options.seed, round);
    return { nodeIds: sampleNodes(online, size, random), available: online.length };
  }
}
