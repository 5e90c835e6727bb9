/** Shared parts of the Fleet API's handlers, of current Flower and of Flower 1.15 to 1.22. */
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import { type LinkRun, takesMessages } from "../../../../entities/run.ts";
import type { LinkMessage } from "../../../../entities/message.ts";
import { ApiError } from "../../../api_error.ts";
import type { AuthenticatedCall } from "../../../call.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import type { NodeCaller } from "./node_caller.ts";
import { nodeDenied } from "./node_denied.ts";

/** Range of the heartbeat interval that a node may announce, in seconds (Flower 1.41). */
const MIN_HEARTBEAT_INTERVAL_SECONDS = 10;
const MAX_HEARTBEAT_INTERVAL_SECONDS = 1800;

/** The calling node. A call without one is a mistake in the policy, which must admit only nodes. */
export function nodeOf({ caller, method }: AuthenticatedCall<NodeCaller>): bigint {
  if (caller.nodeId === undefined) throw new TypeError(`${method} was admitted without a node`);
  return caller.nodeId;
}

/** Checks a heartbeat interval. @throws ApiError "heartbeat-interval-invalid" */
export function checkInterval(interval: number): void {
  const [least, most] = [MIN_HEARTBEAT_INTERVAL_SECONDS, MAX_HEARTBEAT_INTERVAL_SECONDS];
  if (interval >= least && interval <= most) return;
  throw new ApiError(
    "heartbeat-interval-invalid",
    `The heartbeat interval must be between ${least} s and ${most} s, got ${interval}`,
  );
}

/** Runs a join and converts the error of a key that was unregistered meanwhile. */
export async function orKeyRefused<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const { code, message } = FlwrError.from(error);
    if (code !== "permission-denied") throw error;
    throw new ApiError("public-key-invalid", message, { cause: error });
  }
}

/**
 * Pulls the next instruction for the calling node, waiting for one. If the response is not delivered, the instruction
 * waits for the node's next pull.
 *
 * @param onError gets errors that occur after the response
 * @param options.emptyHanded whether the node reports that it has no instruction in hand
 * @param options.until ends the wait
 * @returns undefined if none arrived in time
 * @throws FlwrError "unauthenticated" if the node was disconnected meanwhile
 */
export async function pullInstructionForCaller(
  link: Pick<Link, "messages">,
  call: AuthenticatedCall<NodeCaller>,
  onError: (error: unknown) => void,
  { emptyHanded, until }: { readonly emptyHanded?: boolean; readonly until?: AbortSignal } = {},
): Promise<LinkMessage | undefined> {
  const nodeId = nodeOf(call);
  const signal = AbortSignal.any([call.signal, call.caller.revoked, ...(until ? [until] : [])]);
  const message = await orDenied(() =>
    link.messages.pullInstruction(nodeId, { holdSeconds: MAX_HOLD_SECONDS, signal, emptyHanded })
  );
  if (message === undefined) {
    if (call.caller.revoked.aborted) throw nodeDenied();
    return undefined;
  }
  call.delivered.then((delivered) => {
    if (!delivered) return link.messages.returnInstruction(nodeId, message);
  }).catch(onError);
  return message;
}

/** Returns the run if it is running. A Python SuperNode ignores the message on the error for other runs. */
export async function requireRunning(link: Pick<Link, "runs">, runId: bigint): Promise<LinkRun> {
  const run = await link.runs.get(runId);
  if (run === undefined) {
    throw new ApiError("run-not-running", `The SuperLink has no run ${runId}`);
  }
  checkRunning(run);
  return run;
}

/** Checks that a run is running. @throws ApiError "run-not-running" */
export function checkRunning({ runId, state }: LinkRun): void {
  if (takesMessages(state)) return;
  throw new ApiError("run-not-running", `Run ${runId} is not running: it is ${state}`);
}

/** Denies a node that was removed during its call as if it had called later. */
async function orDenied<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (FlwrError.from(error).code === "not-found") throw nodeDenied();
    throw error;
  }
}
