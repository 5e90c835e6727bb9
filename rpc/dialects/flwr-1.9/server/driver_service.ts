import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import type { LinkMessage } from "../../../../entities/message.ts";
import { SUPERLINK_NODE_ID } from "../../../../entities/metadata.ts";
import type { ObjectId } from "../../../../entities/object.ts";
import { takesMessages } from "../../../../entities/run.ts";
import {
  CreateRunResponseSchema,
  type Driver,
  GetNodesResponseSchema,
  PullTaskResResponseSchema,
  PushTaskInsResponseSchema,
} from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import type { TaskIns, TaskRes } from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import { isObjectId } from "../../../objects/object.ts";
import type { ServiceHandlers } from "../../../service.ts";
import { MAX_CONTENT_BYTES_PER_CALL, MAX_HOLD_SECONDS } from "../limits.ts";
import { idFromWire, idToWire, nodeToWire } from "../node_id.ts";
import { dictToRecordSet, recordSetToDict } from "../recordset.ts";
import {
  arrayBytes,
  loadContent,
  pushStored,
  type StoredMessage,
  storeMessage,
} from "./content.ts";
import { readPushedTask, taskResToWire } from "./task.ts";

/** Smallest difference of two creation times in seconds: the resolution of a double is currently 2⁻²². */
const TIME_STEP_SECONDS = 1e-6;

/**
 * Handlers of the Driver service of Flower 1.8 to 1.14, for ServerApps. Each translates a call to the domain. A ServerApp
 * of ours asks for the token of its run and continues with today's Runtime API (see handStartedRuntime).
 */
export function driverHandlers(
  link: Pick<Link, "nodes" | "runs" | "messages" | "objects">,
): ServiceHandlers<typeof Driver, unknown> {
  return {
    async createRun({ fabId, fabVersion, takesToken }) {
      const lifeSign = takesToken ? "heartbeats" : "instructions";
      const { run: { runId }, token } = await link.runs.start({ fabId, fabVersion, lifeSign });
      return create(CreateRunResponseSchema, {
        runId: idToWire(runId),
        ...(takesToken && { taskToken: token }),
      });
    },

    async getNodes({ runId }) {
      const isKnown = await isUnderWay(link, idFromWire(runId));
      const nodes = isKnown ? await link.nodes.onlineNames() : [];
      return create(GetNodesResponseSchema, {
        nodes: nodes.map(({ nodeId }) => nodeToWire(nodeId)),
        names: nodes.some(({ name }) => name !== undefined)
          ? nodes.map(({ name }) => name ?? "")
          : [],
      });
    },

    async pushTaskIns({ taskInsList }) {
      if (taskInsList.length === 0) {
        throw new FlwrError("invalid-argument", "The request carries no task");
      }
      const instructions = await readInstructions(taskInsList);
      const byRun = Map.groupBy(instructions, ({ message }) => message.runId);
      for (const runId of byRun.keys()) await isUnderWay(link, runId);
      const refused = new Set<ObjectId>();
      for (const ofRun of byRun.values()) {
        const refusals = await pushStored(link, SUPERLINK_NODE_ID, ofRun);
        for (const [place, { message }] of ofRun.entries()) {
          if (refusals[place] !== undefined) refused.add(message.messageId);
        }
      }
      return create(PushTaskInsResponseSchema, {
        taskIds: instructions.map(({ message: { messageId } }) =>
          refused.has(messageId) ? "" : messageId
        ),
      });
    },

    async pullTaskRes({ taskIds }, call) {
      const invalid = taskIds.find((id) => !isObjectId(id));
      if (invalid !== undefined) {
        throw new FlwrError("invalid-argument", `Task id "${invalid}" is not valid`);
      }
      const replies = await link.messages.pullReplies(taskIds, {
        holdSeconds: MAX_HOLD_SECONDS,
        signal: call.signal,
      });
      return create(PullTaskResResponseSchema, { taskResList: await readReplies(link, replies) });
    },
  };
}

/**
 * Checks whether the SuperLink knows a run.
 *
 * @throws FlwrError "failed-precondition" if it has ended, because Flower 1.9 has no other way to inform the
 *   ServerApp
 */
async function isUnderWay(link: Pick<Link, "runs">, runId: bigint): Promise<boolean> {
  const run = await link.runs.get(runId);
  if (run === undefined) return false;
  if (takesMessages(run.state)) return true;
  const why = run.details === "" ? "" : `: ${run.details}`;
  throw new FlwrError(
    "failed-precondition",
    `Run ${runId} accepts no messages: it is ${run.state}${why}`,
  );
}

/**
 * Reads all instructions of a push.
 *
 * In Flower 1.9, tasks with equal fields are still different tasks. In the domain they would be the same message, so
 * later ones get a slightly later creation time.
 */
async function readInstructions(
  taskInsList: readonly TaskIns[],
): Promise<StoredMessage[]> {
  const instructions = new Map<string, StoredMessage>();
  for (const taskIns of taskInsList) {
    let { message: draft, recordSet } = readPushedTask(taskIns);
    const content = recordSet && recordSetToDict(recordSet);
    let stored = await storeMessage(draft, content);
    while (instructions.has(stored.message.messageId)) {
      draft = { ...draft, createdAt: draft.createdAt + TIME_STEP_SECONDS };
      stored = await storeMessage(draft, content);
    }
    instructions.set(stored.message.messageId, stored);
  }
  return [...instructions.values()];
}

/** Converts replies to results, as many as fit into one response: the ServerApp asks for the others again. */
async function readReplies(
  link: Pick<Link, "objects">,
  replies: readonly LinkMessage[],
): Promise<TaskRes[]> {
  const taskResList: TaskRes[] = [];
  let bytes = 0;
  for (const reply of replies) {
    if (bytes >= MAX_CONTENT_BYTES_PER_CALL) break;
    const dict = await loadContent(link, reply);
    const recordSet = dict && dictToRecordSet(dict);
    taskResList.push(taskResToWire(reply, recordSet));
    bytes += recordSet === undefined ? 0 : arrayBytes(recordSet);
  }
  return taskResList;
}
