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
  PullCheckpointResponseSchema,
  PullTaskInputResponseSchema,
  PushAppMessagesResponseSchema,
  PushArtifactResponseSchema,
  PushLogsResponseSchema,
  PushTaskEventsResponseSchema,
  PushTaskOutputResponseSchema,
  type Runtime,
  SendTaskHeartbeatResponseSchema,
} from "../../../../proto/gen/current/runtime_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { AuthenticatedCall } from "../../../call.ts";
import type { ServiceHandlers } from "../../../service.ts";
import { nextTurn } from "../../../../base/turn.ts";
import { isoTime } from "../iso_time.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import { messageToWire } from "../message.ts";
import { treeToWire } from "../object_tree.ts";
import {
  alongAnswer,
  type AskedAlong,
  ifMemoryAllows,
  readAskedAlong,
  readConfirms,
} from "./asked_along.ts";
import { readTaskEvents } from "../task_event.ts";
import { nodeInfoToWire } from "./node_info.ts";
import { readPushedAlong } from "./pushed_along.ts";
import { readPushedBatch } from "./pushed_messages.ts";
import { readPushedObject } from "./pushed_object.ts";
import type { PulledMessage, RuntimeBackend, RuntimeTask } from "./runtime_backend.ts";
import { type RuntimeCaller, taskDenied } from "./task_authentication.ts";
import { taskInputToWire } from "./task_input.ts";
import { MAX_ARTIFACT_PIECE_BYTES } from "./task_policy.ts";

/**
 * Seconds to wait for a Python ServerApp's further replies: Flower's Grid sleeps that long after an incomplete
 * response.
 */
const REPLY_LINGER_SECONDS = 3;

/**
 * Longest time in seconds that acquire-task waits. Flower's SuperExec looks after its other processes between two
 * calls.
 */
const ACQUIRE_HOLD_SECONDS = 5;

/** Maximum number of log lines in one push, of which there are several per second. */
const MAX_LOG_LINES_PER_PUSH = 100_000;

/** Maximum length of a task's details, in UTF-16 code units: a long Python stack trace. */
export const MAX_DETAILS_LENGTH = 20_000;

/** Confirmed messages whose objects are removed before the event loop gets a turn. */
const CONFIRMS_AT_A_TIME = 16;

/** Header of every process of Python's Flower; ours send no version. */
const PACKAGE_HEADER = "flwr-package-name";

/**
 * Handlers of the Runtime API, which processes that run an app call at their SuperLink (ServerApps) or SuperNode
 * (ClientApps). A request acts only for the task of its token.
 */
export function runtimeHandlers(
  backend: RuntimeBackend,
): ServiceHandlers<typeof Runtime, RuntimeCaller> {
  /** The request's inline objects; undefined if its caller or the backend does not support them. */
  const inlineOf = ({ along }: { readonly along?: AlongRequest }) =>
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
      const along = inlineOf(request);
      const confirms = readConfirms(along);
      const inlineObjects = await readPushedAlong(task, along, trees);
      const { refusals, missing, sessionId } = await backend.openPush(
        task,
        messages,
        trees,
        inlineObjects,
      );
      // Afterwards, because confirmed objects may be part of the pushed ones.
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
      const along = inlineOf(request);
      const asked = along && readAskedAlong(along);
      await confirm(task, readConfirms(along));
      const pulled = await backend.pullMessages(task, messageIds, {
        holdSeconds: MAX_HOLD_SECONDS,
        signal: call.signal,
        lingerSeconds: call.header(PACKAGE_HEADER) === undefined ? 0 : REPLY_LINGER_SECONDS,
      });
      // If the run was stopped during the call, its process must learn it at once.
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
        along: inlineOf(request) && alongAnswer(),
      });
    },

    async pushLogs({ logs }, call) {
      await backend.appendLog(taskOf(call), logs.slice(-MAX_LOG_LINES_PER_PUSH));
      return create(PushLogsResponseSchema);
    },

    async pushTaskEvents({ events }, call) {
      await backend.addEvents(taskOf(call), readTaskEvents(events));
      return create(PushTaskEventsResponseSchema);
    },

    async pushArtifact({ name, size, offset, content }, call) {
      const complete = await backend.putArtifactPiece(taskOf(call), {
        name,
        // Values beyond a number's precision are far above the limit anyway.
        size: Number(size),
        offset: Number(offset),
        bytes: content,
      });
      return create(PushArtifactResponseSchema, { complete });
    },

    async pushCheckpoint({ name, size, offset, content }, call) {
      const complete = await backend.putArtifactPiece(taskOf(call), {
        kind: "checkpoint",
        name,
        size: Number(size),
        offset: Number(offset),
        bytes: content,
      });
      return create(PushArtifactResponseSchema, { complete });
    },

    async pullCheckpoint({ name, offset }, call) {
      await call.reserve(MAX_ARTIFACT_PIECE_BYTES);
      const piece = await backend.readCheckpoint(taskOf(call), name, Number(offset));
      return create(
        PullCheckpointResponseSchema,
        piece && { size: BigInt(piece.size), content: piece.bytes },
      );
    },
  };
}

/**
 * Adds inline objects to pulled messages. Returns as many messages as have theirs in one response, at least one. The
 * others can be pulled later.
 */
async function withObjects(
  pulled: readonly PulledMessage[],
  asked: AskedAlong,
  pull: (wanted: WantedObjects) => Promise<ObjectsTogether>,
): Promise<{ served: readonly PulledMessage[]; objects?: ObjectsTogether["objects"] }> {
  // An error has no objects besides its message.
  const ids = pulled.flatMap(({ message: { messageId, error } }) =>
    error === undefined ? [messageId] : []
  );
  const together = await ifMemoryAllows(() => pull({ ...asked, messageIds: ids }));
  if (together === undefined) return { served: pulled };
  const next = ids[together.served];
  const end = pulled.findIndex(({ message }) => message.messageId === next);
  return { served: end < 0 ? pulled : pulled.slice(0, end), objects: together.objects };
}

function taskOf({ caller, method }: AuthenticatedCall<RuntimeCaller>): RuntimeTask {
  if (caller.task === undefined) throw new TypeError(`${method} was admitted without a task`);
  return caller.task;
}

/** Returns the caller's task, if the request speaks for its node and run. */
function speakerOf(
  call: AuthenticatedCall<RuntimeCaller>,
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
