import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import type { LinkMessage } from "../../../../entities/message.ts";
import type { LinkNode } from "../../../../entities/node.ts";
import type { ObjectTree } from "../../../../entities/object.ts";
import {
  ActivateNodeResponseSchema,
  DeactivateNodeResponseSchema,
  type Fleet,
  PullMessagesResponseSchema,
  PushMessagesResponseSchema,
  RegisterNodeFleetResponseSchema,
  SendNodeHeartbeatResponseSchema,
  UnregisterNodeFleetResponseSchema,
} from "../../../../proto/gen/current/fleet_pb.ts";
import {
  ConfirmMessageReceivedResponseSchema,
  PullObjectResponseSchema,
  PushObjectResponseSchema,
} from "../../../../proto/gen/current/message_pb.ts";
import {
  GetFabResponseSchema,
  GetRunResponseSchema,
} from "../../../../proto/gen/current/run_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { Handlers } from "../../../service.ts";
import { readNodeName } from "../../node_name.ts";
import { NODE_WIRE } from "../../node_wire.ts";
import { HEARTBEAT_PATIENCE } from "../limits.ts";
import { messageToWire } from "../message.ts";
import { treeToWire } from "../object_tree.ts";
import { runToWire } from "../run.ts";
import { alongAnswer, readAskedAlong, whereThereIsRoom } from "./asked_along.ts";
import {
  checkInterval,
  checkRunning,
  nodeOf,
  orKeyRefused,
  pullInstruction,
  requireRunning,
} from "./fleet_call.ts";
import type { NodeCaller } from "./node_caller.ts";
import { readPushedAlong } from "./pushed_along.ts";
import { readPushedBatch } from "./pushed_messages.ts";
import { readPushedObject } from "./pushed_object.ts";

/** Messages that one push of a node announces at most: Flower's nodes push each reply by itself. */
export const MAX_MESSAGES_PER_NODE_PUSH = 100;

/** How the Fleet API is served. */
export interface FleetServiceOptions {
  /** Whether the SuperLink admits known keys only; nodes cannot register and unregister themselves then. */
  readonly knownKeysOnly: boolean;
  /** Told of what fails after a call was answered. */
  readonly onError: (error: unknown) => void;
}

/**
 * The Fleet API of today's Flower, for SuperNodes, over gRPC (up to 1.38) and HTTP (since 1.40): each call is translated
 * to the domain. Whoever calls was identified before; every handler validates, acts, answers.
 *
 * A Python SuperNode ends its work for any status but 200, 401, 403 and those of gateways on PullMessages, GetRun and
 * GetFab, so there are no others here.
 */
export function currentFleetHandlers(
  link: Pick<Link, "nodes" | "runs" | "messages" | "objects">,
  { knownKeysOnly, onError }: FleetServiceOptions,
): Handlers<typeof Fleet, NodeCaller> {
  return {
    async registerNode(_request, { caller }) {
      if (knownKeysOnly) {
        throw new ApiError(
          "registration-by-node-refused",
          "Nodes do not register themselves here: give the SuperNode the key that its owner registered",
        );
      }
      const { nodeId } = await registerItself(link, caller.publicKey.spki);
      return create(RegisterNodeFleetResponseSchema, { nodeId });
    },

    async activateNode({ heartbeatInterval, name }, { caller }) {
      checkInterval(heartbeatInterval);
      const naming = await orMalformed(() => readNodeName(name));
      const { nodeId } = await orKeyRefused(() =>
        link.nodes.create({
          publicKey: caller.publicKey.spki,
          heartbeatInterval,
          patience: HEARTBEAT_PATIENCE,
          wire: NODE_WIRE.current,
          ...naming,
        })
      );
      caller.joined(nodeId);
      return create(ActivateNodeResponseSchema, { nodeId });
    },

    async deactivateNode(_request, call) {
      await link.nodes.deactivate(nodeOf(call));
      return create(DeactivateNodeResponseSchema);
    },

    async unregisterNode(_request, call) {
      if (knownKeysOnly) {
        throw new ApiError(
          "unregistration-by-node-refused",
          "Nodes do not unregister themselves here: their owner does",
        );
      }
      await link.nodes.unregister(nodeOf(call), "self");
      return create(UnregisterNodeFleetResponseSchema);
    },

    async sendNodeHeartbeat({ heartbeatInterval }, call) {
      checkInterval(heartbeatInterval);
      const success = await link.nodes.heartbeat(
        nodeOf(call),
        heartbeatInterval,
        HEARTBEAT_PATIENCE,
      );
      return create(SendNodeHeartbeatResponseSchema, { success });
    },

    async pullMessages({ along }, call) {
      const nodeId = nodeOf(call);
      const asked = along && readAskedAlong(along);
      const message = await pullInstruction(link, call, onError, {
        emptyHanded: along?.emptyHanded === true,
      });
      if (message === undefined) {
        return create(PullMessagesResponseSchema, { along: asked && alongAnswer() });
      }
      const tree = await treeOf(link, message);
      if (tree === undefined) {
        return create(PullMessagesResponseSchema, { along: asked && alongAnswer() });
      }
      const { messageId, runId } = message;
      const together = asked && await whereThereIsRoom(
        () => {
          const wanted = { ...asked, messageIds: [messageId] };
          return link.objects.pullTogether(
            { nodeId, runId },
            wanted,
            (bytes) => call.reserve(bytes),
          );
        },
      );
      return create(PullMessagesResponseSchema, {
        messagesList: [messageToWire(message)],
        messageObjectTrees: [treeToWire(messageId, tree)],
        along: asked && alongAnswer(together?.objects),
      });
    },

    async pushMessages(request, call) {
      const { length } = request.messagesList;
      if (length > MAX_MESSAGES_PER_NODE_PUSH) {
        throw new ApiError(
          "message-count-invalid",
          `The push has ${length} messages: a node pushes ${MAX_MESSAGES_PER_NODE_PUSH} at most`,
        );
      }
      const runId = request.messagesList[0]?.metadata?.runId ?? 0n;
      const { messages, trees } = await orMalformed(() => readPushedBatch(request, runId));
      await requireRunning(link, runId);
      const nodeId = nodeOf(call);
      const { along } = request;
      const brought = await orMalformed(() => readPushedAlong({ nodeId, runId }, along, trees));
      const { missing, sessionId } = await link.messages.openPush({
        nodeId,
        runId,
        messages,
        trees,
        clientAppSeconds: request.clientappRuntimeList.map(seconds),
        ...(brought && { brought }),
      });
      // As in Flower, a refused reply is not told from an accepted one but by its objects, which nobody asks for.
      return create(PushMessagesResponseSchema, {
        results: Object.fromEntries(messages.map(({ messageId }) => [messageId, 0])),
        objectsToPush: [...missing],
        sessionId,
        along: along && alongAnswer(),
      });
    },

    async getRun({ runId }, call) {
      nodeOf(call);
      const run = await link.runs.get(runId);
      if (run === undefined) {
        throw new ApiError("run-denied", `The SuperLink has no run ${runId}`);
      }
      checkRunning(run);
      return create(GetRunResponseSchema, { run: runToWire(run) });
    },

    async getFab({ runId, hashStr }, call) {
      nodeOf(call);
      const run = await requireRunning(link, runId);
      // Our nodes also ask for pieces of the bundle's attachments, by their hashes.
      const content = hashStr === "" || run.fabHash === ""
        ? undefined
        : run.fabHash === hashStr
        ? await link.runs.getFab(hashStr)
        : await link.runs.getFabPiece(run.fabHash, hashStr);
      if (content === undefined) {
        throw new ApiError(
          "fab-denied",
          `Run ${runId} has no app bundle, nor a piece of an attachment, "${hashStr}"`,
        );
      }
      return create(GetFabResponseSchema, { fab: { hashStr, content } });
    },

    async pushObject({ runId, objectId, objectContent, sessionId }, call) {
      const nodeId = nodeOf(call);
      await requireRunning(link, runId);
      const pushed = await readPushedObject({ nodeId, runId }, objectId, objectContent);
      const stored = pushed !== undefined &&
        await link.messages.putObject({ nodeId, runId, sessionId }, pushed.object, pushed.message);
      return create(PushObjectResponseSchema, { stored });
    },

    async pullObject({ runId, objectId }, call) {
      const nodeId = nodeOf(call);
      await requireRunning(link, runId);
      const makeRoom = (bytes: number) => call.reserve(bytes);
      const { found, bytes } = await link.objects.pull({ nodeId, runId }, objectId, makeRoom);
      return create(PullObjectResponseSchema, {
        objectFound: found,
        objectAvailable: bytes !== undefined,
        objectContent: bytes ?? new Uint8Array(),
      });
    },

    async confirmMessageReceived({ runId, messageObjectId }, call) {
      const nodeId = nodeOf(call);
      await requireRunning(link, runId);
      await link.messages.confirmReceived({ nodeId, runId }, messageObjectId);
      return create(ConfirmMessageReceivedResponseSchema);
    },
  };
}

/** A node that makes its own key known. One whose answer was lost on the way asks again: it is not refused. */
async function registerItself(link: Pick<Link, "nodes">, publicKey: Uint8Array): Promise<LinkNode> {
  try {
    return await link.nodes.register({ publicKey, by: "self" });
  } catch (error) {
    if (FlwrError.from(error).code !== "already-exists") throw error;
    const node = await link.nodes.ofKey(publicKey);
    if (node !== undefined && node.registeredBy === "self" && node.state === "registered") {
      return node;
    }
    throw new ApiError("public-key-in-use", "The public key is in use, or was unregistered", {
      cause: error,
    });
  }
}

/** What cannot be read is answered with Flower's number for it. */
async function orMalformed<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { code, message } = FlwrError.from(error);
    if (
      error instanceof ApiError || (code !== "invalid-argument" && code !== "resource-exhausted")
    ) {
      throw error;
    }
    throw new ApiError("request-malformed", message, { cause: error });
  }
}

/** The tree of an instruction's objects; undefined when its run was stopped at this very moment. */
async function treeOf(
  link: Pick<Link, "objects">,
  { messageId }: LinkMessage,
): Promise<ObjectTree | undefined> {
  try {
    return await link.objects.treeOf(messageId);
  } catch (error) {
    if (FlwrError.from(error).code === "not-found") return undefined;
    throw error;
  }
}

/** What a node measured; nothing where it cannot be a duration. */
function seconds(measured: number): number {
  return measured > 0 && measured < Infinity ? measured : 0;
}
