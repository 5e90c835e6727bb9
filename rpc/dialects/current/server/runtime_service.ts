import { create } from "@bufbuild/protobuf";
import type { ObjectsTogether, WantedObjects } from "../../../../entities/object.ts";
import type { AlongRequest } from "../../../../proto/gen/current/along_pb.ts";
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
import { nextTurn } from "../../../../base/turn.ts";
import { isoTime } from "../iso_time.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import { messageToWire } from "../message.ts";
import { treeToWire } from "../object_tree.ts";
import {
  alongAnswer,
  type AskedAlong,
  readAskedAlong,
  readConfirms,
  whereThereIsRoom,
} from "./asked_along.ts";
import { nodeInfoToWire } from "./node_info.ts";
import { readPushedAlong } from "./pushed_along.ts";
import { readPushedBatch } from "./pushed_messages.ts";
import { readPushedObject } from "./pushed_object.ts";
import type { PulledMessage, RuntimeBackend, RuntimeTask } from "./runtime_backend.ts";
import { type RuntimeCaller, taskDenied } from "./task_authentication.ts";
import { taskInputToWire } from "./task_input.ts";

/**
 * Seconds that replies to a Python ServerApp wait for the others of the same call: Flower's Grid sleeps that long after
 * an answer that lacks some.
 */
const REPLY_LINGER_SECONDS = 3;

/** Seconds that acquire-task is held. Flower's SuperExec looks after its other processes between two calls. */
const ACQUIRE_HOLD_SECONDS = 5;

/** Lines of a ServerApp that one push carries at most: it comes several times a second. */
const MAX_LOG_LINES_PER_PUSH = 100_000;

/** Longest text on how a task ended, in UTF-16 code units: a long stack trace of Python. */
export const MAX_DETAILS_LENGTH = 20_000;

/** Confirmed messages whose objects are removed before others have their turn. */
const CONFIRMS_AT_A_TIME = 16;

/** A header of every process of Python's Flower; ours name no version. */
const PACKAGE_HEADER = "flwr-package-name";

/**
 * The Runtime API, by which a process that runs an app speaks to its SuperLink (a ServerApp) or SuperNode (a ClientApp).
 * A request speaks for the task of its token and for nothing else.
 */
export function runtimeHandlers(backend: RuntimeBackend): Handlers<typeof Runtime, RuntimeCaller> {
  /** What a request says of objects that travel with it; undefined where its caller or the backend knows of none. */
  const spoken = ({ along }: { readonly along?: AlongRequest }) =>
    backend.pullObjects === undefined ? undefined : along;
  const confirm = async (task: RuntimeTask, messageIds: readonly string[]) => {
    for (const [place, messageId] of messageIds.entries()) {
      await backend.confirmReceived(task, messageId);
      if (place % CONFIRMS_AT_A_TIME === CONFIRMS_AT_A_TIME - 1) await nextTurn();
    }
  };
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
      const { messages, trees } = await readPushedBatch(request, task.runId);
      for (const { srcNodeId } of messages) checkNode(task, srcNodeId);
      const along = spoken(request);
      const confirms = readConfirms(along);
      const brought = await readPushedAlong(task, along, trees);
      const { refusals, missing, sessionId } = await backend.openPush(
        task,
        messages,
        trees,
        brought,
      );
      // Afterwards: what was confirmed may be part of what was pushed.
      await confirm(task, confirms);
      return create(PushAppMessagesResponseSchema, {
        messageIds: messages.map(({ messageId }, place) =>
          refusals[place] === undefined ? messageId : ""
        ),
        objectsToPush: [...missing],
        sessionId,
        along: along && alongAnswer(),
      });
    },

    async pushObject({ node, runId, sessionId, objectId, objectContent }, call) {
      const task = speakerOf(call, node, runId);
      const pushed = await readPushedObject(task, objectId, objectContent);
      const stored = pushed !== undefined &&
        await backend.putObject(task, sessionId, pushed.object);
      return create(PushObjectResponseSchema, { stored });
    },

    async pullMessages(request, call) {
      const task = taskOf(call);
      const { messageIds } = request;
      const along = spoken(request);
      const asked = along && readAskedAlong(along);
      await confirm(task, readConfirms(along));
      const pulled = await backend.pullMessages(task, messageIds, {
        holdSeconds: MAX_HOLD_SECONDS,
        signal: call.signal,
        lingerSeconds: call.header(PACKAGE_HEADER) === undefined ? 0 : REPLY_LINGER_SECONDS,
      });
      // A run that was stopped while the call was held: its process hears of it at once.
      if (await backend.taskOfToken(task.token) === undefined) throw taskDenied();
      const makeRoom = (bytes: number) => call.reserve(bytes);
      const pull = (wanted: WantedObjects) => backend.pullObjects!(task, wanted, makeRoom);
      const { served, objects } = asked === undefined
        ? { served: pulled, objects: undefined }
        : await withObjects(pulled, asked, pull);
      return create(PullAppMessagesResponseSchema, {
        messagesList: served.map(({ message }) => messageToWire(message)),
        messageObjectTrees: served.map(({ message, tree }) => treeToWire(message.messageId, tree)),
        along: along && alongAnswer(objects),
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

    async getNodes(request, call) {
      const nodes = await backend.nodes(taskOf(call));
      return create(GetNodesResponseSchema, {
        nodes: nodes.map(nodeInfoToWire),
        along: spoken(request) && alongAnswer(),
      });
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

/**
 * Pulled messages with their objects: as many messages as have theirs in one answer, one at least. The others are there
 * when they are asked for again.
 */
async function withObjects(
  pulled: readonly PulledMessage[],
  asked: AskedAlong,
  pull: (wanted: WantedObjects) => Promise<ObjectsTogether>,
): Promise<{ served: readonly PulledMessage[]; objects?: ObjectsTogether["objects"] }> {
  // An error is in its message.
  const ids = pulled.flatMap(({ message: { messageId, error } }) =>
    error === undefined ? [messageId] : []
  );
  const together = await whereThereIsRoom(() => pull({ ...asked, messageIds: ids }));
  if (together === undefined) return { served: pulled };
  const next = ids[together.served];
  const end = pulled.findIndex(({ message }) => message.messageId === next);
  return { served: end < 0 ? pulled : pulled.slice(0, end), objects: together.objects };
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
