import { EXECUTOR_HEADERS, type ExecutorSecret } from "../../../../auth/executor_secret.ts";
import type { RunId } from "../../../../entities/metadata.ts";
import { type Random, systemRandom } from "../../../../base/random.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import type { Channel } from "../../../channel.ts";
import { methodPath } from "../../../service.ts";
import { runtimeDeadline } from "./runtime_deadline.ts";

/** A task assigned to this process, which must begin it with the token within 30 s. */
export interface AcquiredTask {
  readonly taskId: bigint;
  readonly type: string;
  readonly runId: RunId;
  readonly token: string;
}

/** Options of {@link acquireTask}. */
export interface AcquireOptions {
  /** The secret that signs the call, if the server has a SuperExec secret. */
  readonly secret?: ExecutorSecret;
  readonly signal?: AbortSignal;
  readonly random?: Random;
}

/**
 * Acquires the oldest pending task from a server that assigns tasks to other programs (`--isolation process`).
 *
 * @param types accepted task types, such as "flwr-serverapp"
 * @returns undefined if no task is pending
 * @throws FlwrError "unauthenticated" if the server assigns tasks to no other program, or not to this one
 */
export async function acquireTask(
  channel: Channel,
  types: readonly string[],
  { secret, signal, random = systemRandom }: AcquireOptions = {},
): Promise<AcquiredTask | undefined> {
  const method = Runtime.method.acquireTask;
  const { response: { task, token } } = await channel.call(
    method,
    { supportedTaskTypes: [...types] },
    {
      timeoutSeconds: runtimeDeadline(method),
      ...(signal && { signal }),
      ...(secret && {
        metadata: (bytes) => {
          const nonce = random.uuid().replaceAll("-", "");
          const signed = secret.sign(methodPath(method), bytes, nonce);
          return Promise.resolve({
            [EXECUTOR_HEADERS.timestamp]: signed.timestamp,
            [EXECUTOR_HEADERS.nonce]: signed.nonce,
            [EXECUTOR_HEADERS.bodySha256]: signed.bodySha256,
            [EXECUTOR_HEADERS.signature]: signed.signature,
          });
        },
      }),
    },
  );
  return task && { taskId: task.taskId, type: task.type, runId: task.runId, token };
}
