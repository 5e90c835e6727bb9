import { create } from "@bufbuild/protobuf";
import {
  ConfirmMessageReceivedResponseSchema,
  PullObjectResponseSchema,
  PushObjectResponseSchema,
} from "../../../../proto/gen/current/message_pb.ts";
import type { Node } from "../../../../proto/gen/current/node_pb.ts";
import {
  AcquireTaskResponseSchema,
  GetNodesResponseSchema,
  PullAppMessagesResponseSchema,
  PullTaskInputResponseSchema,
  PushAppMessagesResponseSchema,
  PushArtifactResponseSchema,
  PushLogsResponseSchema,
  PushTaskOutputResponseSchema,
  type Runtime,
  SendTaskHeartbeatResponseSchema,
} from "../../../../proto/gen/current/runtime_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { Call } from "../../../call.ts";
import type { Handlers } from "../../../service.ts";
import { isoTime } from "../iso_time.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import { messageToWire } from "../message.ts";
import { treeToWire } from "../object_tree.ts";
import {
  ACQUIRE_HOLD_SECONDS,
  MAX_DETAILS_LENGTH,
  MAX_LOG_LINES_PER_PUSH,
  REPLY_LINGER_SECONDS,
} from "./limits.ts";
import { nodeInfoToWire } from "./node_info.ts";
import { readPushedBatch } from "./pushed_messages.ts";
import { readPushedObject } from "./pushed_object.ts";
import type { RuntimeBackend, RuntimeTask } from "./runtime_backend.ts";
import { type RuntimeCaller, taskDenied } from "./task_authentication.ts";
import { taskInputToWire } from "./task_input.ts";

/** A header of every process of Python's Flower; ours name no version. */
const PACKAGE_HEADER = "flwr-package-name";

/**
 * The Runtime API, by which a process that runs an app speaks to its SuperLink (a ServerApp) or SuperNode (a ClientApp).
 * A request speaks for the task of its token and for nothing else.
 */
export function runtimeHandlers(backend: RuntimeBackend): Handlers<typeof Runtime, RuntimeCaller> {
  return {
    async acquireTask({ supportedTaskTypes }, call) {
      const task = await backend.acquireTask(supportedTaskTypes, {
        holdSeconds: ACQUIRE_HOLD_SECONDS,
        signal: call.signal,
      });
      if (task === undefined) return create(AcquireTaskResponseSchema);
      const { taskId, type, runId, fabHash, pendingAt, token } = task;
      return create(AcquireTaskResponseSchema, {
        task: {
          taskId,
          type,
          runId,
          status: { status: "pending" },
          pendingAt: isoTime(pendingAt),
          fabHash,
        },
        token,
      });
    },

    async sendTaskHeartbeat(_request, call) {
      const success = await backend.heartbeat(taskOf(call));
      return create(SendTaskHeartbeatResponseSchema, { success });
    },

    async pullTaskInput(_request, call) {
      const task = taskOf(call);
      const input = await backend.beginTask(task);
      return create(PullTaskInputResponseSchema, taskInputToWire(task, input));
    },

    async pushTaskOutput({ subStatus, details, context, clientappRuntime }, call) {
      await backend.finishTask(taskOf(call), {
        outcome: subStatus === "completed" ? "completed" : "failed",
        details: details.slice(0, MAX_DETAILS_LENGTH),
        ...(context?.state !== undefined && { state: context.state }),
        ...(clientappRuntime !== undefined && { clientAppSeconds: clientappRuntime }),
      });
      return create(PushTaskOutputResponseSchema);
    },

    async pushMessages(request, call) {
      const task = taskOf(call);
      const { messages, trees } = readPushedBatch(request, task.runId);
      for (const { srcNodeId } of messages) checkNode(task, srcNodeId);
      const { refusals, missing, sessionId } = await backend.openPush(task, messages, trees);
      return create(PushAppMessagesResponseSchema, {
        messageIds: messages.map(({ messageId }, place) =>
          refusals[place] === undefined ? messageId : ""
        ),
        objectsToPush: [...missing],
        sessionId,
      });
    },

    async pushObject({ node, runId, sessionId, objectId, objectContent }, call) {
      const task = speakerOf(call, node, runId);
      const pushed = await readPushedObject(task, objectId, objectContent);
      const stored = pushed !== undefined &&
        await backend.putObject(task, sessionId, pushed.object);
      return create(PushObjectResponseSchema, { stored });
    },

    async pullMessages({ messageIds }, call) {
      const task = taskOf(call);
      const pulled = await backend.pullMessages(task, messageIds, {
        holdSeconds: MAX_HOLD_SECONDS,
        signal: call.signal,
        lingerSeconds: call.header(PACKAGE_HEADER) === undefined ? 0 : REPLY_LINGER_SECONDS,
      });
      // A run that was stopped while the call was held: its process hears of it at once.
      if (await backend.taskOfToken(task.token) === undefined) throw taskDenied();
      return create(PullAppMessagesResponseSchema, {
        messagesList: pulled.map(({ message }) => messageToWire(message)),
        messageObjectTrees: pulled.map(({ message, tree }) => treeToWire(message.messageId, tree)),
      });
    },

    async pullObject({ node, runId, objectId }, call) {
      const speaker = speakerOf(call, node, runId);
      const makeRoom = (bytes: number) => call.reserve(bytes);
      const { found, bytes } = await backend.pullObject(speaker, objectId, makeRoom);
      return create(PullObjectResponseSchema, {
        objectFound: found,
        objectAvailable: bytes !== undefined,
        ...(bytes !== undefined && { objectContent: bytes }),
      });
    },

    async confirmMessageReceived({ node, runId, messageObjectId }, call) {
      await backend.confirmReceived(speakerOf(call, node, runId), messageObjectId);
      return create(ConfirmMessageReceivedResponseSchema);
    },

    async getNodes(_request, call) {
      const nodes = await backend.nodes(taskOf(call));
      return create(GetNodesResponseSchema, { nodes: nodes.map(nodeInfoToWire) });
    },

    async pushLogs({ logs }, call) {
      await backend.appendLog(taskOf(call), logs.slice(-MAX_LOG_LINES_PER_PUSH));
      return create(PushLogsResponseSchema);
    },

    async pushArtifact({ name, size, offset, content }, call) {
      const complete = await backend.putArtifactPiece(taskOf(call), {
        name,
        // Larger ones than a number can hold stay too large.
        size: Number(size),
        offset: Number(offset),
        bytes: content,
      });
      return create(PushArtifactResponseSchema, { complete });
    },
  };
}

function taskOf({ caller, method }: Call<RuntimeCaller>): RuntimeTask {
  if (caller.task === undefined) throw new TypeError(`${method} was let in without a task`);
  return caller.task;
}

/** The caller's task, when the request speaks for its node and run. */
function speakerOf(
  call: Call<RuntimeCaller>,
  node: Node | undefined,
  runId: bigint,
): RuntimeTask {
  const task = taskOf(call);
  checkNode(task, node?.nodeId ?? 0n);
  if (runId === task.runId) return task;
  throw new ApiError(
    "message-run-mismatch",
    `The request names run ${runId}: the token's is ${task.runId}`,
  );
}

function checkNode(task: RuntimeTask, nodeId: bigint): void {
  if (nodeId === task.nodeId) return;
  throw new ApiError(
    "task-node-id-invalid",
    `The request speaks for node ${nodeId}: the token's is ${task.nodeId}`,
  );
}
