import { create } from "@bufbuild/protobuf";
import { MessageErrorCode } from "../../../../entities/metadata.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import {
  CreateNodeResponseSchema,
  DeleteNodeResponseSchema,
  type Fleet,
  GetRunResponseSchema,
  PingResponseSchema,
  PullTaskInsResponseSchema,
  PushTaskResResponseSchema,
} from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import type { Node } from "../../../../proto/gen/flwr-1.9/node_pb.ts";
import type { TaskRes } from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import type { ServiceHandlers } from "../../../service.ts";
import { readNodeName } from "../../node_name.ts";
import { errorToWire } from "../error_code.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import { instructionForLegacyNode } from "../legacy_names.ts";
import { idFromWire, idToWire, nodeFromWire, nodeToWire } from "../node_id.ts";
import { dictToRecordSet, recordSetToDict } from "../recordset.ts";
import { accessDenied } from "./access_denied.ts";
import type { FleetCaller } from "./caller.ts";
import { loadContent, pushStored, storeMessage } from "./content.ts";
import { nameReply } from "./reply_names.ts";
import { readPushedTask, taskInsToWire } from "./task.ts";

/** Key of a refused result in PushTaskResResponse.results; an accepted one has its new id (Flower 1.9). */
const REFUSED_RESULT_KEY = "None";

/** Seconds that PushTaskResResponse tells a node to wait after a result; 1.9 sends 5, and its nodes ignore it. */
const RECONNECT_SECONDS = 5n;

/**
 * Handlers of the Fleet service of Flower 1.8 to 1.14, for SuperNodes. Each translates a call to the domain. The
 * caller is already identified; every handler validates, acts, responds.
 *
 * @param onError gets errors that occur after the response
 */
export function fleetHandlers(
  link: Pick<Link, "nodes" | "runs" | "messages" | "objects">,
  onError: (error: unknown) => void,
): ServiceHandlers<typeof Fleet, FleetCaller> {
  return {
    async createNode({ pingInterval, name }, { caller }) {
      const node = await link.nodes.create({
        heartbeatInterval: pingInterval,
        ...readNodeName(name),
        ...(caller.publicKey === undefined ? {} : { publicKey: caller.publicKey.spki }),
      });
      return create(CreateNodeResponseSchema, { node: nodeToWire(node.nodeId) });
    },

    async deleteNode({ node }) {
      await link.nodes.leave(readNode(node));
      return create(DeleteNodeResponseSchema);
    },

    async ping({ node, pingInterval }) {
      const success = await link.nodes.heartbeat(readNode(node), pingInterval);
      return create(PingResponseSchema, { success });
    },

    async pullTaskIns({ node }, call) {
      const nodeId = readNode(node);
      const signal = AbortSignal.any([call.signal, call.caller.revoked]);
      const message = await link.messages.pullInstruction(nodeId, {
        holdSeconds: MAX_HOLD_SECONDS,
        signal,
      });
      if (message === undefined) {
        if (call.caller.revoked.aborted) throw accessDenied();
        return create(PullTaskInsResponseSchema);
      }
      const { delivered } = call;
      // An instruction that was not delivered waits for the node's next pull. Until its content is read, it belongs
      // to this node.
      const content = await loadContent(link, message).finally(() => {
        delivered.then((arrived) => {
          if (!arrived) return link.messages.returnInstruction(nodeId, message);
        }).catch(onError);
      });
      const named = content && instructionForLegacyNode(message.messageType, content);
      const taskIns = taskInsToWire(message, named && dictToRecordSet(named));
      return create(PullTaskInsResponseSchema, { taskInsList: [taskIns] });
    },

    async pushTaskRes({ taskResList }) {
      const results: Record<string, number> = {};
      for (const taskRes of taskResList) {
        const messageId = await pushResult(link, taskRes);
        results[messageId ?? REFUSED_RESULT_KEY] = 0;
      }
      return create(PushTaskResResponseSchema, {
        reconnect: { reconnect: RECONNECT_SECONDS },
        results,
      });
    },

    async getRun({ runId }) {
      const run = await link.runs.get(idFromWire(runId));
      return create(GetRunResponseSchema, {
        run: run === undefined ? {} : {
          runId: idToWire(run.runId),
          fabId: run.fabId,
          fabVersion: run.fabVersion,
        },
      });
    },
  };
}

/**
 * Stores a result. An unacceptable content is replaced by an error reply, because the ServerApp should learn of it
 * now and not when its wait times out. The call still succeeds, because a 1.9 node would repeat a failed one forever.
 *
 * @returns the reply's id; undefined for a refused result
 */
async function pushResult(
  link: Pick<Link, "messages" | "objects">,
  taskRes: TaskRes,
): Promise<string | undefined> {
  try {
    const { message, recordSet } = readPushedTask(taskRes);
    const named = recordSet && await nameReply(link, message, recordSetToDict(recordSet));
    const reply = named === undefined || "items" in named
      ? await storeMessage(message, named)
      : await storeMessage({ ...message, error: named }, undefined);
    const [refusal] = await pushStored(link, message.srcNodeId, [reply]);
    return refusal === undefined ? reply.message.messageId : undefined;
  } catch (error) {
    const { code, message: reason } = FlwrError.from(error);
    if (code !== "invalid-argument") throw error;
    await pushErrorInstead(link, taskRes, reason);
    return undefined;
  }
}

async function pushErrorInstead(
  link: Pick<Link, "messages">,
  { task, ...taskRes }: TaskRes,
  reason: string,
): Promise<void> {
  const error = errorToWire({
    code: MessageErrorCode.Unknown,
    reason: `The SuperLink refused the reply: ${reason}`,
  });
  try {
    const failed = task && { ...task, recordset: undefined, error };
    const { message: draft } = readPushedTask({ ...taskRes, task: failed });
    await pushStored(link, draft.srcNodeId, [await storeMessage(draft, undefined)]);
  } catch (cause) {
    // Not even the metadata is readable, so only the node can be informed.
    if (FlwrError.from(cause).code !== "invalid-argument") throw cause;
  }
}

/** Reads the id of a node. Refuses the anonymous node, which stands for ServerApps. */
function readNode(node: Node | undefined): bigint {
  const nodeId = nodeFromWire(node);
  if (node !== undefined && nodeId !== undefined && !node.anonymous) return nodeId;
  throw new FlwrError("invalid-argument", "The request names no node", {
    hints: ["A SuperNode must call CreateNode first and use the node it was given"],
  });
}
