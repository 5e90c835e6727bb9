import type { ReplyError, RunRecord } from "./run_table.ts";

// A ServerApp can report success although all its nodes failed; Flower's Python strategies do. So results and errors
// among the replies are counted with the run. Runs that began before they were counted are not judged.

/** The counts of a run that begins. */
export const NO_REPLIES = { results: 0, errors: 0 } as const;

/** Longest part of a node's error reason that is stored and reported, in characters. */
const REASON_CHARACTERS = 300;

/** The error of an error reply, as it is counted. Undefined for a result. */
export function errorOf(
  { srcNodeId: nodeId, error }: { srcNodeId: bigint; error?: { readonly reason: string } },
): ReplyError | undefined {
  return error && { nodeId, reason: error.reason.slice(0, REASON_CHARACTERS) };
}

/** Why a run that reports success has failed: every reply was an error. Undefined if it has not failed. */
export function outcomeFault(run: RunRecord): string | undefined {
  const { results, errors = 0, lastErrorNodeId, lastError } = run;
  if (results !== 0 || errors === 0) return undefined;
  const all = errors === 1 ? "the only reply was an error" : `all ${errors} replies were errors`;
  return `No node returned a result: ${all}. Last error, from node ${lastErrorNodeId}: ${lastError}`;
}
