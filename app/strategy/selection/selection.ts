import type { NodeId } from "../../../entities/metadata.ts";
import type { PhaseRound } from "../round/round.ts";

/** The nodes of a phase. */
export interface SelectedNodes {
  /** The nodes that are asked. An empty list skips the phase. */
  readonly nodeIds: readonly NodeId[];
  /** Number of online nodes from which they were chosen. */
  readonly available: number;
}

/**
 * Decides which nodes a phase asks: a `FractionSelection` of the online nodes, `ListedNodes`, or a rule of your own.
 *
 * @example
 * ```ts
 * // One node in each round, in turn.
 * const inTurn: Selection = {
 *   async select({ grid, number, signal }) {
 *     const online = await grid.waitForNodes(2, { signal });
 *     return { nodeIds: [online[number % online.length]!], available: online.length };
 *   },
 * };
 * ```
 */
export interface Selection {
  /** Chooses the nodes of a phase, and may wait for nodes. @throws FlwrError "cancelled" by the round's signal */
  select(round: PhaseRound): Promise<SelectedNodes>;
}
