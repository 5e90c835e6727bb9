import { FlwrError } from "../../base/error.ts";
import { roundHalfEven } from "../quantize.ts";

/** How secrets are shared among the nodes of a round. */
export interface SharingOptions {
  /** A part of the nodes, above 0 to 1, or a whole number from 3. */
  readonly numShares: number;
  /** A part of the shares, above 0.5 to 1, or a whole number from 2. */
  readonly reconstructionThreshold: number;
}

/** Fewest nodes of a round: of two, each learns the other's model by subtracting its own from the sum. */
export const MIN_NODES = 3;

/**
 * Numbers of shares for a round, by Flower's rules: a part of the nodes is rounded, halves to the even number; an even
 * number below N becomes odd, because a node's neighbours are as many on both sides; 2 or fewer become N. The threshold is
 * at least 2, and more than half of the shares: with half of them the server could collect shares of a node's seed from
 * some and of its private key from the others.
 *
 * @param nodes N, at least {@link MIN_NODES}
 * @throws FlwrError "failed-precondition" when N nodes cannot have as many shares, or as high or low a threshold
 */
export function shareCounts(
  { numShares, reconstructionThreshold }: SharingOptions,
  nodes: number,
): { shareNum: number; threshold: number } {
  const asked = numShares <= 1 ? roundHalfEven(numShares * nodes) : Math.min(numShares, nodes);
  const odd = asked < nodes && asked % 2 === 0 ? asked + 1 : asked;
  const shareNum = odd <= 2 ? nodes : odd;
  const majority = Math.floor(shareNum / 2) + 1;
  if (reconstructionThreshold <= 1) {
    const part = roundHalfEven(reconstructionThreshold * shareNum);
    return { shareNum, threshold: Math.max(2, majority, part) };
  }
  if (reconstructionThreshold >= majority && reconstructionThreshold <= shareNum) {
    return { shareNum, threshold: reconstructionThreshold };
  }
  throw new FlwrError(
    "failed-precondition",
    `SecAgg+: reconstructionThreshold is ${reconstructionThreshold}, expected ${majority} to ` +
      `${shareNum}: ${nodes} nodes train, and each secret is cut into ${shareNum} shares`,
    { hints: ["Give a part, such as 2 / 3: it is taken of the shares in each round"] },
  );
}
