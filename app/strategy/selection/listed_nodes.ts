import type { NodeId } from "../../../entities/metadata.ts";
import type { PhaseRound } from "../round/round.ts";
import type { SelectedNodes, Selection } from "./selection.ts";

/**
 * The nodes that a list names, in each round. Waits until all of them are online.
 *
 * @example
 * ```ts
 * new ListedNodes((round) => round % 2 === 0 ? [hospitalA, hospitalB] : [hospitalC]);
 * ```
 */
export class ListedNodes implements Selection {
  readonly #listed: (round: number) => readonly NodeId[];

  /**
   * Creates the selection.
   *
   * @param nodeIds the nodes, or a function of the round, from 1; an empty list skips the phase
   */
  constructor(nodeIds: readonly NodeId[] | ((round: number) => readonly NodeId[])) {
    this.#listed = typeof nodeIds === "function" ? nodeIds : () => nodeIds;
  }

  /** The listed nodes, without repetition. @throws FlwrError "cancelled" by the round's signal */
  async select({ number, grid, signal }: PhaseRound): Promise<SelectedNodes> {
    const listed = new Set(this.#listed(number));
    if (listed.size === 0) return { nodeIds: [], available: 0 };
    const where = ({ nodeId }: { nodeId: NodeId }) => listed.has(nodeId);
    const online = await grid.waitForNodes(listed.size, { signal, where });
    return { nodeIds: online, available: online.length };
  }
}
