import { FlwrError } from "../../../base/error.ts";
import type { Failure } from "../../result.ts";
import type { SimdRows } from "../arrays/simd.ts";
import { scaleUpdate, updateNorm, updateNormBound } from "../arrays/update_norm.ts";
import type { Tensors } from "../round/round.ts";
import { requireFinite } from "./reply_check.ts";
import type { CheckedReply } from "./reply_contract.ts";

/** Action for a reply whose update norm exceeds `maxUpdateNorm`. */
export type LargeUpdateAction = "refuse" | "clip";

/**
 * Limits the Euclidean norm of an update: a larger update is refused, or clipped to the limit. An update whose norm
 * exceeds double precision cannot be clipped and is refused. If the norm is finite, all elements are.
 *
 * @param sent the global model
 * @param maxNorm Infinity: no limit, and no norm is computed
 * @throws FlwrError "invalid-argument" if the update is refused
 */
export function boundUpdate(
  reply: CheckedReply,
  sent: Tensors,
  maxNorm: number,
  action: LargeUpdateAction,
  scratch?: SimdRows,
): CheckedReply {
  if (maxNorm === Infinity) return reply;
  // Sound updates are far below the default limit, so the norm itself is rarely needed.
  if (updateNormBound(sent, reply.tensors) <= maxNorm) return reply;
  const norm = updateNorm(sent, reply.tensors, scratch);
  if (norm <= maxNorm) return reply;
  if (norm === Infinity) requireFinite(reply.tensors);
  if (action === "clip" && norm < Infinity) {
    return { ...reply, tensors: scaleUpdate(sent, reply.tensors, maxNorm / norm) };
  }
  throw new FlwrError(
    "invalid-argument",
    `its update has norm ${formatNorm(norm)}, at most ${formatNorm(maxNorm)} is accepted ` +
      "(maxUpdateNorm)",
  );
}

/** The reply that changes the model most. Of equal ones, the lower node id wins. */
export function largestUpdate(
  sent: Tensors,
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
