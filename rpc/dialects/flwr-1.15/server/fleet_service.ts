import { create } from "@bufbuild/protobuf";
import type { Clock } from "../../../../base/clock.ts";
import type { Link } from "../../../../link/link.ts";
import type { Fleet as CurrentFleet } from "../../../../proto/gen/current/fleet_pb.ts";
import {
  CreateNodeResponseSchema,
  DeleteNodeResponseSchema,
  type Fleet,
  PingResponseSchema,
  PullMessagesResponseSchema,
  PullObjectResponseSchema,
  PushMessagesResponseSchema,
  SendNodeHeartbeatResponseSchema,
} from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import type { Call } from "../../../call.ts";
import type { Handlers } from "../../../service.ts";
import { HEARTBEAT_PATIENCE, MAX_HOLD_SECONDS } from "../../current/limits.ts";
import {
  checkInterval,
  nodeOf,
  orKeyRefused,
  pullInstruction,
} from "../../current/server/fleet_call.ts";
import type { NodeCaller } from "../../current/server/node_caller.ts";
import { nodeDenied } from "../../current/server/node_denied.ts";
import { NODE_WIRE } from "../../node_wire.ts";
import { pulledToday, pullOfToday, pushedToday, pushOfToday } from "./announced.ts";
import { FirstSigns } from "./first_signs.ts";
import { Nodes119 } from "./flwr_1_19.ts";
import { pushWhole, readWhole } from "./whole_messages.ts";

/** How the older calls of the Fleet API are served. */
export interface OlderFleetOptions {
  /** Today's calls, which take over for nodes that take their messages as objects. */
  readonly current: Pick<
    Handlers<typeof CurrentFleet, NodeCaller>,
    "pullMessages" | "pushMessages" | "pullObject" | "confirmMessageReceived"
  >;
  readonly clock: Clock;
  /** Told of what fails after a call was answered. */
  readonly onError: (error: unknown) => void;
  /** Told of a node of Flower 1.19, which cannot be served, when it was told so. */
  readonly on119: (nodeId: bigint) => void;
}

/**
 * The calls of the Fleet API, over gRPC, in which Flower 1.15 to 1.22 differs from today. What else such a node calls is
 * today's, and so is the way it proves itself.
 *
 * All nodes ask for their messages in the same way, but up to 1.18 they take them whole: those are told by their
 * heartbeats, which have another name. A node's first pull waits for its first heartbeat, which comes at the same time.
 */
export function olderFleetHandlers(
  link: Pick<Link, "nodes" | "runs" | "messages" | "objects">,
  { current, clock, onError, on119 }: OlderFleetOptions,
): Handlers<typeof Fleet, NodeCaller> {
  const signs = new FirstSigns(clock);
  const nodes119 = new Nodes119(on119);

  const heartbeat = async (call: Call<NodeCaller>, interval: number, wire: string) => {
    checkInterval(interval);
    const nodeId = nodeOf(call);
    const first = call.caller.wire === undefined ? wire : undefined;
    const success = await link.nodes.heartbeat(nodeId, interval, HEARTBEAT_PATIENCE, first);
    signs.shown(nodeId);
    return success;
  };

  /** How the node that calls takes its messages; undefined when it does not show it in time. */
  const wireOf = async (call: Call<NodeCaller>): Promise<string | undefined> => {
    const { wire, publicKey, revoked } = call.caller;
    if (wire !== undefined) return wire;
    const look = async () => (await link.nodes.ofKey(publicKey.spki))?.wire;
    const signal = AbortSignal.any([call.signal, revoked]);
    const isShown = async () => await look() !== undefined;
    await signs.wait(nodeOf(call), isShown, MAX_HOLD_SECONDS, signal);
    if (revoked.aborted) throw nodeDenied();
    return await look();
  };

  return {
    async createNode({ heartbeatInterval }, { caller }) {
      checkInterval(heartbeatInterval);
      const { nodeId } = await orKeyRefused(() =>
        link.nodes.create({
          publicKey: caller.publicKey.spki,
          heartbeatInterval,
          patience: HEARTBEAT_PATIENCE,
        })
      );
      caller.joined(nodeId);
      return create(CreateNodeResponseSchema, { node: { nodeId } });
    },

    async deleteNode(_request, call) {
      await link.nodes.leave(nodeOf(call));
      return create(DeleteNodeResponseSchema);
    },

    async ping({ pingInterval }, call) {
      const success = await heartbeat(call, pingInterval, NODE_WIRE.whole);
      return create(PingResponseSchema, { success });
    },

    async sendNodeHeartbeat({ heartbeatInterval }, call) {
      const success = await heartbeat(call, heartbeatInterval, NODE_WIRE.objects);
      return create(SendNodeHeartbeatResponseSchema, { success });
    },

    async pullMessages(request, call) {
      const wire = await wireOf(call);
      if (wire === undefined) return create(PullMessagesResponseSchema);
      if (wire !== NODE_WIRE.whole) {
        const answer = pulledToday(await current.pullMessages(pullOfToday(request), call));
        if (wire === NODE_WIRE.objects) {
          const ids = answer.messagesList.map(({ metadata }) => metadata!.messageId);
          answer.messageObjectTrees.push(...ids.map((id) => nodes119.tree(id)));
        }
        return answer;
      }
      const message = await pullInstruction(link, call, onError);
      const whole = message && await readWhole(link, message);
      return create(PullMessagesResponseSchema, {
        messagesList: whole === undefined ? [] : [whole],
      });
    },

    async pullObject(request, call) {
      const mayBe119 = call.caller.wire === NODE_WIRE.objects;
      return mayBe119 && nodes119.asks(nodeOf(call), request.objectId)
        ? create(PullObjectResponseSchema, { objectFound: true, objectAvailable: true })
        : await current.pullObject(request, call);
    },

    confirmMessageReceived(request, call) {
      nodes119.confirms(nodeOf(call));
      return current.confirmMessageReceived(request, call);
    },

    async pushMessages(request, call) {
      if (call.caller.wire === NODE_WIRE.whole) {
        const results = await pushWhole(link, nodeOf(call), request.messagesList);
        return create(PushMessagesResponseSchema, { results });
      }
      return pushedToday(await current.pushMessages(pushOfToday(request), call));
    },
  };
}
