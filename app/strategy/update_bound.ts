import type { Tensor } from "../../tensor/tensor.ts";
import type { CheckedReplies, CheckedReply } from "./reply_check.ts";
import type { Failure } from "../result.ts";
import { scaleUpdate, updateNorm } from "./update_norm.ts";

/** What to do with a reply whose update norm exceeds `maxUpdateNorm`. */
export type LargeUpdateAction = "refuse" | "clip";

/**
 * Limits the Euclidean norm of updates: a larger one is refused, or clipped to the limit. An update whose norm exceeds
 * double precision cannot be clipped and is refused.
 *
 * @param sent the global model
 * @param maxNorm Infinity: no limit, and no norm is computed
 */
export function boundUpdates(
  { accepted, failures }: CheckedReplies,
  sent: ReadonlyMap<string, Tensor>,
  maxNorm: number,
  action: LargeUpdateAction,
): CheckedReplies {
  if (maxNorm === Infinity) return { accepted, failures };
  const kept: CheckedReply[] = [];
  const refused: Failure[] = [];
  for (const reply of accepted) {
    const norm = updateNorm(sent, reply.tensors);
    if (norm <= maxNorm) kept.push(reply);
    else if (action === "clip" && norm < Infinity) {
      kept.push({ ...reply, tensors: scaleUpdate(sent, reply.tensors, maxNorm / norm) });
    } else {
      refused.push({
        nodeId: reply.nodeId,
        reason: `Reply rejected: its update has norm ${formatNorm(norm)}, at most ` +
          `${formatNorm(maxNorm)} is accepted (maxUpdateNorm)`,
      });
    }
  }
  return { accepted: kept, failures: inOrder([...failures, ...refused]) };
}

/** The reply that changes the model most; of equal ones, that of the lower node id. */
export function largestUpdate(
  sent: ReadonlyMap<string, Tensor>,
  replies: readonly CheckedReply[],
): { readonly reply: CheckedReply; readonly norm: number } {
  const norms = replies.map(({ tensors }) => updateNorm(sent, tensors));
  const place = norms.indexOf(Math.max(...norms));
  return { reply: replies[place]!, norm: norms[place]! };
}

/** Failures in ascending order of node id. */
export function inOrder(failures: readonly Failure[]): Failure[] {
  return [...failures].sort((a, b) => a.nodeId < b.nodeId ? -1 : a.nodeId > b.nodeId ? 1 : 0);
}

/** A norm with four digits, enough to compare it with a limit. */
export function formatNorm(norm: number): string {
  return Number.isFinite(norm) ? String(Number(norm.toPrecision(4))) : "beyond double precision";
}
