/** What the calls of the Fleet API have in common, today's and those of Flower 1.15 to 1.22. */
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import { type LinkRun, takesMessages } from "../../../../entities/run.ts";
import type { LinkMessage } from "../../../../entities/message.ts";
import { ApiError } from "../../../api_error.ts";
import type { Call } from "../../../call.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import type { NodeCaller } from "./node_caller.ts";
import { nodeDenied } from "./node_denied.ts";

/** What a node may promise as the time to its next heartbeat, in seconds (Flower 1.41). */
const MIN_HEARTBEAT_INTERVAL_SECONDS = 10;
const MAX_HEARTBEAT_INTERVAL_SECONDS = 1800;

/** The node that calls. Without one the policy is at fault: it must admit nodes only. */
export function nodeOf({ caller, method }: Call<NodeCaller>): bigint {
  if (caller.nodeId === undefined) throw new TypeError(`${method} is not for nodes only`);
  return caller.nodeId;
}

/** @throws ApiError "heartbeat-interval-invalid" */
export function checkInterval(interval: number): void {
  const [least, most] = [MIN_HEARTBEAT_INTERVAL_SECONDS, MAX_HEARTBEAT_INTERVAL_SECONDS];
  if (interval >= least && interval <= most) return;
  throw new ApiError(
    "heartbeat-interval-invalid",
    `The heartbeat interval is not between ${least} and ${most} s: ${interval}`,
  );
}

/** Joins by a key. One that was unregistered since it was looked at is refused. */
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
 * The next instruction for the node that calls, as soon as there is one. One whose answer does not arrive waits for the
 * node's next pull.
 *
 * @param onError told of what fails after the call was answered
 * @returns undefined where none came in time
 * @param options.emptyHanded whether the node says that it has no instruction in hand
 * @throws FlwrError "unauthenticated" when the node was cut off meanwhile
 */
export async function pullInstruction(
  link: Pick<Link, "messages">,
  call: Call<NodeCaller>,
  onError: (error: unknown) => void,
  { emptyHanded }: { readonly emptyHanded?: boolean } = {},
): Promise<LinkMessage | undefined> {
  const nodeId = nodeOf(call);
  const signal = AbortSignal.any([call.signal, call.caller.revoked]);
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

/** The run, if it is running: a Python SuperNode that is told otherwise leaves the message aside. */
export async function requireRunning(link: Pick<Link, "runs">, runId: bigint): Promise<LinkRun> {
  const run = await link.runs.get(runId);
  if (run === undefined) {
    throw new ApiError("run-not-running", `The SuperLink has no run ${runId}`);
  }
  checkRunning(run);
  return run;
}

/** @throws ApiError "run-not-running" */
export function checkRunning({ runId, state }: LinkRun): void {
  if (takesMessages(state)) return;
  throw new ApiError("run-not-running", `Run ${runId} is not running: it is ${state}`);
}

/** A node that was cut off while its call was held is denied like one that comes later. */
async function orDenied<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (FlwrError.from(error).code === "not-found") throw nodeDenied();
    throw error;
  }
}
