import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import { isRefusal, type LinkService } from "../../../../link/link.ts";
import type { LinkMessage, LinkObject, NewLinkMessage } from "../../../../link/message.ts";
import {
  CreateRunResponseSchema,
  type Driver,
  GetNodesResponseSchema,
  PullTaskResResponseSchema,
  PushTaskInsResponseSchema,
} from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import type { TaskIns, TaskRes } from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import type { Handlers } from "../../../service.ts";
import { MAX_CONTENT_BYTES_PER_CALL, MAX_HOLD_SECONDS } from "../limits.ts";
import { idFromWire, idToWire, nodeToWire } from "../node_id.ts";
import { arrayBytes, loadContent, storeContent } from "./content.ts";
import { readPushedTask, taskResToWire } from "./task.ts";

/** A task id of the 1.9 wire. */
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** The Driver service of Flower 1.8 to 1.14, for ServerApps: each call is translated to the domain. */
export function driverHandlers(link: LinkService): Handlers<typeof Driver, unknown> {
  return {
    async createRun({ fabId, fabVersion }) {
      const { runId } = await link.createRun({ fabId, fabVersion });
      return create(CreateRunResponseSchema, { runId: idToWire(runId) });
    },

    async getNodes({ runId }) {
      const run = await link.getRun(idFromWire(runId));
      const nodes = run === undefined ? [] : await link.onlineNodes();
      return create(GetNodesResponseSchema, { nodes: nodes.map(nodeToWire) });
    },

    async pushTaskIns({ taskInsList }) {
      if (taskInsList.length === 0) {
        throw new FlwrError("invalid-argument", "The request carries no task");
      }
      const { messages, objects } = await readInstructions(taskInsList);
      const outcomes = await link.pushInstructions(messages, objects);
      return create(PushTaskInsResponseSchema, {
        taskIds: outcomes.map((outcome) => isRefusal(outcome) ? "" : outcome.messageId),
      });
    },

    async pullTaskRes({ taskIds }, call) {
      const strange = taskIds.find((id) => !UUID.test(id));
      if (strange !== undefined) {
        throw new FlwrError("invalid-argument", `Task id "${strange}" is not a UUID`);
      }
      const replies = await link.pullReplies(taskIds, {
        holdSeconds: MAX_HOLD_SECONDS,
        signal: call.signal,
      });
      return create(PullTaskResResponseSchema, { taskResList: await readReplies(link, replies) });
    },
  };
}

/** All instructions of a push, with the objects of all of them, each once: a model for every node is kept once. */
async function readInstructions(
  taskInsList: readonly TaskIns[],
): Promise<{ messages: NewLinkMessage[]; objects: LinkObject[] }> {
  const objects = new Map<string, LinkObject>();
  const messages: NewLinkMessage[] = [];
  for (const taskIns of taskInsList) {
    const { message, recordSet } = readPushedTask(taskIns);
    if (recordSet === undefined) {
      messages.push(message);
      continue;
    }
    const stored = await storeContent(recordSet);
    for (const object of stored.objects) objects.set(object.id, object);
    messages.push({ ...message, content: stored.root });
  }
  return { messages, objects: [...objects.values()] };
}

/** The replies as results, as many as one answer should carry: the ServerApp asks again for the others. */
async function readReplies(link: LinkService, replies: readonly LinkMessage[]): Promise<TaskRes[]> {
  const taskResList: TaskRes[] = [];
  let bytes = 0;
  for (const reply of replies) {
    if (bytes >= MAX_CONTENT_BYTES_PER_CALL) break;
    const content = reply.content === undefined
      ? undefined
      : await loadContent(link, reply.content);
    taskResList.push(taskResToWire(reply, content));
    bytes += content === undefined ? 0 : arrayBytes(content);
  }
  return taskResList;
}
