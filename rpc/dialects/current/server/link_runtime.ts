import { create } from "@bufbuild/protobuf";
import type { Clock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import type { LinkMessage } from "../../../../entities/message.ts";
import { SUPERLINK_NODE_ID } from "../../../../entities/metadata.ts";
import type { ObjectTree } from "../../../../entities/object.ts";
import type { LinkRun } from "../../../../entities/run.ts";
import { treeShape } from "../../../../entities/tree_shape.ts";
import { RecordDictSchema } from "../../../../proto/gen/current/recorddict_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { MAX_TREE_DEPTH } from "../limits.ts";
import { SERVERAPP_TASK_TYPE } from "../run.ts";
import { stampedLog } from "./pushed_logs.ts";
import type {
  PulledMessage,
  RuntimeBackend,
  RuntimeHold,
  RuntimeTask,
  TaskInput,
} from "./runtime_backend.ts";

/** Maximum number of tree nodes in one response to a ServerApp: 70 MB. Further replies come with the next response. */
const MAX_TREE_NODES_PER_ANSWER = 1_000_000;

/** Creates the Runtime API's backend for ServerApps: each run of the SuperLink is one task. */
export function linkRuntimeBackend(link: Omit<Link, "close">, clock: Clock): RuntimeBackend {
  const speaker = ({ runId }: RuntimeTask) => ({ nodeId: SUPERLINK_NODE_ID, runId });
  return {
    async taskOfToken(token) {
      const run = await link.runs.ofToken(token);
      return run && taskOfRun(run, token);
    },

    async acquireTask(types, hold) {
      if (!types.includes(SERVERAPP_TASK_TYPE)) return undefined;
      const claimed = await link.runs.claim(hold);
      if (claimed === undefined) return undefined;
      const { run, token } = claimed;
      return {
        ...taskOfRun(run, token),
        type: SERVERAPP_TASK_TYPE,
        fabHash: run.fabHash,
        pendingAt: run.pendingAt,
      };
    },

    heartbeat: ({ token }) => link.runs.heartbeat(token),
    beginTask: (task) => beginTask(link, task),
    finishTask: ({ token }, { outcome, details }) =>
      withToken(() => link.runs.finish(token, { outcome, details })),

    async nodes() {
      return (await link.nodes.list()).filter(({ state }) => state === "online");
    },

    openPush: (task, messages, trees, inlineObjects) =>
      link.messages.openPush({
        ...speaker(task),
        messages,
        trees,
        ...(inlineObjects && { inlineObjects }),
      }),
    putObject: (task, sessionId, object) =>
      link.messages.putObject({ ...speaker(task), sessionId }, object),

    async pullMessages(task, messageIds, hold) {
      const replies = await pullReplies(link, clock, task.runId, messageIds, hold);
      return await withTrees(link, replies);
    },

    pullObject: (task, id, makeRoom) => link.objects.pull(speaker(task), id, makeRoom),
    pullObjects: (task, wanted, makeRoom) =>
      link.objects.pullTogether(speaker(task), wanted, makeRoom),
    confirmReceived: (task, messageId) => link.messages.confirmReceived(speaker(task), messageId),
    async appendLog({ runId }, pieces) {
      const time = new Date(clock.now() * 1000).toISOString();
      for await (const { begin, text } of stampedLog(pieces, time)) {
        await link.runs.appendLog(runId, [text], begin);
      }
    },
    addEvents: ({ runId }, events) => link.journal.add(runId, events),
    putArtifactPiece: ({ runId }, piece) => link.artifacts.putPiece(runId, piece),
    readCheckpoint: ({ runId }, name, offset) => link.artifacts.readCheckpoint(runId, name, offset),
  };
}

/** A run as the task that its token speaks for. */
export function taskOfRun({ taskId, runId }: LinkRun, token: string): RuntimeTask {
  return { taskId, runId, nodeId: SUPERLINK_NODE_ID, token };
}

async function beginTask(
  link: Pick<Link, "runs">,
  { runId, token }: RuntimeTask,
): Promise<TaskInput> {
  const run = await link.runs.get(runId);
  const content = run && await link.runs.getFab(run.fabHash);
  if (content === undefined) {
    throw new ApiError(
      "task-not-started",
      `The app of run ${runId} does not exist, or was removed`,
    );
  }
  return {
    run: await withToken(() => link.runs.begin(token)),
    fab: { hash: run!.fabHash, content, verifications: {} },
    nodeConfig: {},
    runConfig: {},
    state: create(RecordDictSchema),
  };
}

/** Adds trees to replies: as many as fit into a response, at least one. The others can be pulled later. */
async function withTrees(
  link: Pick<Link, "objects">,
  replies: readonly LinkMessage[],
): Promise<PulledMessage[]> {
  const pulled: PulledMessage[] = [];
  let nodes = 0;
  for (const message of replies) {
    const tree = await treeOf(link, message);
    nodes += treeShape(message.messageId, tree, MAX_TREE_DEPTH)?.nodes ?? 0;
    if (pulled.length > 0 && nodes > MAX_TREE_NODES_PER_ANSWER) break;
    pulled.push({ message, tree });
  }
  return pulled;
}

/**
 * The tree of a reply's objects. An error is one object, which is not stored if the SuperLink does not know the
 * instruction.
 */
async function treeOf(
  link: Pick<Link, "objects">,
  { messageId, error }: LinkMessage,
): Promise<ObjectTree> {
  return error === undefined ? await link.objects.treeOf(messageId) : new Map([[messageId, []]]);
}

/** Converts the domain's errors about a token to the numbered errors that Flower's processes recognise. */
async function withToken<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof FlwrError)) throw error;
    const { code, message } = error;
    if (code === "unauthenticated") {
      throw new ApiError("task-token-invalid", message, { cause: error });
    }
    if (code === "failed-precondition") {
      throw new ApiError("task-not-started", message, { cause: error });
    }
    throw error;
  }
}

/** Pulls replies: waits for the first one, then up to `lingerSeconds` for the others. */
async function pullReplies(
  link: Pick<Link, "messages">,
  clock: Clock,
  runId: bigint,
  messageIds: readonly string[],
  { holdSeconds, lingerSeconds, signal }: RuntimeHold & { readonly lingerSeconds: number },
): Promise<LinkMessage[]> {
  const open = new Set(messageIds);
  const replies: LinkMessage[] = [];
  let deadline = clock.now() + holdSeconds;
  while (open.size > 0 && (replies.length === 0 || clock.now() < deadline)) {
    const found = await link.messages.pullReplies([...open], {
      runId,
      holdSeconds: Math.max(0, deadline - clock.now()),
      signal,
    });
    if (found.length === 0) break;
    if (replies.length === 0) deadline = clock.now() + lingerSeconds;
    replies.push(...found);
    for (const { replyToMessageId } of found) open.delete(replyToMessageId);
  }
  return replies;
}
