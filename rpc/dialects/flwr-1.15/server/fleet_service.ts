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
import type { AuthenticatedCall } from "../../../call.ts";
import type { ServiceHandlers } from "../../../service.ts";
import { HEARTBEAT_PATIENCE, MAX_HOLD_SECONDS } from "../../current/limits.ts";
import {
  checkInterval,
  nodeOf,
  orKeyRefused,
  pullInstructionForCaller,
} from "../../current/server/fleet_call.ts";
import type { NodeCaller } from "../../current/server/node_caller.ts";
import { nodeDenied } from "../../current/server/node_denied.ts";
import { NODE_WIRE } from "../../node_wire.ts";
import {
  fromCurrentPullResponse,
  fromCurrentPushResponse,
  toCurrentPull,
  toCurrentPush,
} from "./current_calls.ts";
import { FirstSigns } from "./first_signs.ts";
import { Nodes119 } from "./flwr_1_19.ts";
import { pushWholeReplies, readWhole } from "./whole_messages.ts";

/** Options of the older Fleet API. */
export interface OlderFleetOptions {
  /** Handlers of the current Fleet API, which serve nodes that receive messages as objects. */
  readonly current: Pick<
    ServiceHandlers<typeof CurrentFleet, NodeCaller>,
    "pullMessages" | "pushMessages" | "pullObject" | "confirmMessageReceived"
  >;
  readonly clock: Clock;
  /** Gets errors that occur after the response. */
  readonly onError: (error: unknown) => void;
  /** Called for each node of Flower 1.19 that was refused. */
  readonly on119: (nodeId: bigint) => void;
}

/**
 * Handlers of the Fleet API calls, over gRPC, in which Flower 1.15 to 1.22 differs from current Flower. Such nodes'
 * other calls, and their authentication, are the current ones.
 *
 * All nodes request messages in the same way, but up to 1.18 they need them whole. These nodes are recognised by
 * their heartbeats, which have another name. A node's first pull waits for its first heartbeat, which arrives at
 * about the same time.
 */
export function olderFleetHandlers(
  link: Pick<Link, "nodes" | "runs" | "messages" | "objects">,
  { current, clock, onError, on119 }: OlderFleetOptions,
): ServiceHandlers<typeof Fleet, NodeCaller> {
  const signs = new FirstSigns(clock);
  const nodes119 = new Nodes119(on119);

  const heartbeat = async (call: AuthenticatedCall<NodeCaller>, interval: number, wire: string) => {
    checkInterval(interval);
    const nodeId = nodeOf(call);
    const first = call.caller.wire === undefined ? wire : undefined;
    const success = await link.nodes.heartbeat(nodeId, interval, HEARTBEAT_PATIENCE, first);
    signs.notify(nodeId);
    return success;
  };

  /** How the calling node receives its messages; undefined if it does not show that in time. */
  const wireOf = async (call: AuthenticatedCall<NodeCaller>): Promise<string | undefined> => {
    const { wire, publicKey, revoked } = call.caller;
    if (wire !== undefined) return wire;
    const look = async () => (await link.nodes.ofKey(publicKey.spki))?.wire;
    const signal = AbortSignal.any([call.signal, revoked]);
    const isShown = async () => await look() !== undefined;
    await signs.waitFor(nodeOf(call), isShown, MAX_HOLD_SECONDS, signal);
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
          session: caller.session,
        })
      );
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
        const answer = fromCurrentPullResponse(
          await current.pullMessages(toCurrentPull(request), call),
        );
        if (wire === NODE_WIRE.objects) {
          const ids = answer.messagesList.map(({ metadata }) => metadata!.messageId);
          answer.messageObjectTrees.push(...ids.map((id) => nodes119.probeTree(id)));
        }
        return answer;
      }
      const message = await pullInstructionForCaller(link, call, onError);
      const whole = message && await readWhole(link, message);
      return create(PullMessagesResponseSchema, {
        messagesList: whole === undefined ? [] : [whole],
      });
    },

    async pullObject(request, call) {
      const mayBe119 = call.caller.wire === NODE_WIRE.objects;
      return mayBe119 && nodes119.recordsProbe(nodeOf(call), request.objectId)
        ? create(PullObjectResponseSchema, { objectFound: true, objectAvailable: true })
        : await current.pullObject(request, call);
    },

    confirmMessageReceived(request, call) {
      nodes119.checkConfirmation(nodeOf(call));
      return current.confirmMessageReceived(request, call);
    },

    async pushMessages(request, call) {
      if (call.caller.wire === NODE_WIRE.whole) {
        const results = await pushWholeReplies(link, nodeOf(call), request.messagesList);
        return create(PushMessagesResponseSchema, { results });
      }
      return fromCurrentPushResponse(await current.pushMessages(toCurrentPush(request), call));
    },
  };
}
