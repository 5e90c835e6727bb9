import type { NodeId } from "../../entities/metadata.ts";
import type { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import type { Round } from "../strategy/strategy.ts";

/** Noise that belongs to a whole run, and the rules by which nodes may join its rounds. */
export interface RunNoise {
  /** Description for a line in the log. */
  readonly description: string;
  /** Number of released rounds. */
  readonly released: number;
  /** Begins another run. */
  reset(): void;
  /** The reason why no further round is possible. Undefined if one is. */
  stopBefore(round: number): string | undefined;
  /** The access to the nodes that are chosen for the next round. @throws FlwrError "cancelled" by the round's signal */
  choose(round: Round): Promise<Grid>;
  /** Refuses a plan with a node that may not join. @throws FlwrError "failed-precondition" that names the node */
  checkPlan(messages: readonly Message[]): void;
  /** Refuses a reply of a node that may not join. @throws FlwrError "failed-precondition" with the reason */
  checkReply(nodeId: NodeId): void;
  /**
   * Adds the noise of the next round to the sum of its updates.
   *
   * @param nodeIds the nodes whose updates are in the sum
   * @param deviation of the independent noise; 0 adds none
   */
  release(sum: readonly Float64Array[], nodeIds: readonly NodeId[], deviation: number): void;
  /** State as text. Secret: with it the noise can be subtracted. */
  save(): string;
  /**
   * Continues from a state. @throws FlwrError "invalid-argument" if it is malformed or belongs to other options;
   * nothing changes then
   */
  restore(text: string): void;
}
