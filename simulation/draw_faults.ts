import { seededRandom } from "../base/random.ts";
import type { NodeFaults } from "../entities/simulation.ts";

/** The faults of a node's work on one message. */
export interface MessageFaults {
  readonly dropsOut: boolean;
  readonly isSlow: boolean;
  readonly lies: boolean;
}

/** Added to a message's seed, so that faults use other random numbers than the app. */
const FAULT_SEED = 0x2545f491;

/**
 * Draws the faults of a message, each independently.
 *
 * @param seed the seed of the node's work on this message; the same seed gives the same faults. A message with a fault
 *   keeps it if the share is increased
 */
export function drawFaults({ dropout, slow, lie }: NodeFaults, seed: number): MessageFaults {
  const random = seededRandom(seed ^ FAULT_SEED);
  return {
    dropsOut: random.uniform() < dropout,
    isSlow: random.uniform() < slow,
    lies: random.uniform() < lie,
  };
}
