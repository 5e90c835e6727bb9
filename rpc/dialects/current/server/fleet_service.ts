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
import type { ServiceHandlers } from "../../../service.ts";
import { readNodeName } from "../../node_name.ts";
import { NODE_WIRE } from "../../node_wire.ts";
import { HEARTBEAT_PATIENCE } from "../limits.ts";
import { messageToWire } from "../message.ts";
import { treeToWire } from "../object_tree.ts";
import { runToWire } from "../run.ts";
import { alongAnswer, ifMemoryAllows, readAskedAlong } from "./asked_along.ts";
import {
  checkInterval,
  checkRunning,
  nodeOf,
  orKeyRefused,
  pullInstructionForCaller,
  requireRunning,
} from "./fleet_call.ts";
import type { BegunRuns } from "./begun_runs.ts";
import type { NodeCaller } from "./node_caller.ts";
import { readPushedAlong } from "./pushed_along.ts";
import { readPushedBatch } from "./pushed_messages.ts";
import { readPushedObject } from "./pushed_object.ts";

/** Maximum number of messages in one push of a node: Flower's nodes push each reply separately. */
export const MAX_MESSAGES_PER_NODE_PUSH = 100;

/** Options of the Fleet API. */
export interface FleetServiceOptions {
  /** Whether the SuperLink admits only known keys. Nodes then cannot register or unregister themselves. */
  readonly knownKeysOnly: boolean;
  /** Gets errors that occur after the response. */
  readonly onError: (error: unknown) => void;
  /** Reports the runs that begin, to nodes that prepare their apps (default: nodes are not told). */
  readonly begunRuns?: BegunRuns;
}

/**
 * Handlers of the current Fleet API, for SuperNodes, over gRPC (up to Flower 1.39) and HTTP (since 1.40). Each
 * translates a call to the domain. The caller is already identified; every handler validates, acts, responds.
 *
 * For PullMessages, GetRun and GetFab, a Python SuperNode exits on any status but 200, 401, 403 and those of
 * gateways, so these use no others.
 */
export function currentFleetHandlers(
  link: Pick<Link, "nodes" | "runs" | "messages" | "objects">,
  { knownKeysOnly, onError, begunRuns }: FleetServiceOptions,
): ServiceHandlers<typeof Fleet, NodeCaller> {
  return {
    async registerNode(_request, { caller }) {
      if (knownKeysOnly) {
        throw new ApiError(
          "registration-by-node-refused",
          "Nodes cannot register themselves at this SuperLink: start the SuperNode with a registered key",
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
          session: caller.session,
          ...naming,
        })
      );
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
          "Nodes cannot unregister themselves at this SuperLink: only its owner can",
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
      using begun = along?.hearsOfRuns ? begunRuns?.listen() : undefined;
      const message = await pullInstructionForCaller(link, call, onError, {
        emptyHanded: along?.emptyHanded === true,
        until: begun?.signal,
      });
      if (message === undefined) {
        const hint = begun?.runId !== undefined && { begunRun: begun.runId };
        return create(PullMessagesResponseSchema, {
          along: asked && { ...alongAnswer(), ...hint },
        });
      }
      const tree = await treeOf(link, message);
      if (tree === undefined) {
        return create(PullMessagesResponseSchema, { along: asked && alongAnswer() });
      }
      const { messageId, runId } = message;
      const together = asked && await ifMemoryAllows(
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
          `The push has ${length} messages: at most ${MAX_MESSAGES_PER_NODE_PUSH} are allowed`,
        );
      }
      const runId = request.messagesList[0]?.metadata?.runId ?? 0n;
      const { messages, trees } = await orMalformed(() => readPushedBatch(request, runId));
      await requireRunning(link, runId);
      const nodeId = nodeOf(call);
      const { along } = request;
      const inlineObjects = await orMalformed(() =>
        readPushedAlong({ nodeId, runId }, along, trees)
      );
      const { missing, sessionId } = await link.messages.openPush({
        nodeId,
        runId,
        messages,
        trees,
        clientAppSeconds: request.clientappRuntimeList.map(seconds),
        ...(inlineObjects && { inlineObjects }),
      });
      // As in Flower, a refused reply looks like an accepted one, except that none of its objects are requested.
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
      // Our nodes also request pieces of the bundle's attachments, by their hashes.
      const content = hashStr === "" || run.fabHash === ""
        ? undefined
        : run.fabHash === hashStr
        ? await link.runs.getFab(hashStr)
        : await link.runs.getFabPiece(run.fabHash, hashStr);
      if (content === undefined) {
        throw new ApiError(
          "fab-denied",
          `Run ${runId} has no app bundle and no attachment piece with the hash "${hashStr}"`,
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

/** Registers a node's own key. A node that repeats the call because the response was lost is not refused. */
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

/** Converts the error of a malformed request to Flower's number for it. */
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

/** The tree of an instruction's objects; undefined if its run was stopped at that moment. */
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

/** A duration that a node measured; 0 if it is not a valid one. */
function seconds(measured: number): number {
  return measured > 0 && measured < Infinity ? measured : 0;
}
