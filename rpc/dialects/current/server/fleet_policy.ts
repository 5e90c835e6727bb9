import { NODE_WIRE } from "../../node_wire.ts";
import type { NodeSigner } from "./node_authentication.ts";
import { MAX_ALONG_BYTES } from "../limits.ts";
import { MAX_MESSAGE_BYTES } from "../../../limits.ts";
import type { DescMethod } from "@bufbuild/protobuf";
import type {
  ActivateNodeRequest,
  DeactivateNodeRequest,
  Fleet,
  PushMessagesRequest,
  RegisterNodeFleetRequest,
  UnregisterNodeFleetRequest,
} from "../../../../proto/gen/current/fleet_pb.ts";
import type {
  DeleteNodeRequest,
  Fleet as OlderFleet,
} from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import type { Node } from "../../../../proto/gen/current/node_pb.ts";

/** Bytes of a request that carries no app, object, message tree or list of ids. */
export const MAX_SMALL_REQUEST_BYTES = 64 * 1024;

/** Bytes of a request with trees of messages: four of MAX_TREE_NODES, 70 to 80 bytes per node. */
export const MAX_TREE_REQUEST_BYTES = 16 * 1024 * 1024;

/**
 * Who may make a call of the Fleet API. Every call carries a time signed with the caller's key. In addition:
 * - "key": the key is known, if the SuperLink admits only known keys; a request that names a key names this one;
 * - "node": every node that the request speaks for belongs to the key.
 */
export type NodePolicy =
  | { readonly admission: "key"; readonly key?: (request: never) => Uint8Array }
  | { readonly admission: "node"; readonly claims: (request: never) => readonly bigint[] };

const byNode: NodePolicy = {
  admission: "node",
  claims: ({ node }: { node?: Node }) => [idOf(node)],
};

/** Every call of the Fleet API. A test fails when a method has no row. */
export const FLEET_POLICY: Readonly<Record<string, NodePolicy>> = {
  "/flwr.proto.Fleet/RegisterNode": {
    admission: "key",
    key: ({ publicKey }: RegisterNodeFleetRequest) => publicKey,
  },
  "/flwr.proto.Fleet/ActivateNode": {
    admission: "key",
    key: ({ publicKey }: ActivateNodeRequest) => publicKey,
  },
  "/flwr.proto.Fleet/DeactivateNode": {
    admission: "node",
    claims: ({ nodeId }: DeactivateNodeRequest) => [nodeId],
  },
  "/flwr.proto.Fleet/UnregisterNode": {
    admission: "node",
    claims: ({ nodeId }: UnregisterNodeFleetRequest) => [nodeId],
  },
  "/flwr.proto.Fleet/SendNodeHeartbeat": byNode,
  "/flwr.proto.Fleet/PullMessages": byNode,
  "/flwr.proto.Fleet/PushMessages": {
    admission: "node",
    claims: ({ node, messagesList }: PushMessagesRequest) => [
      idOf(node),
      ...messagesList.map(({ metadata }) => metadata?.srcNodeId ?? 0n),
    ],
  },
  "/flwr.proto.Fleet/GetRun": byNode,
  "/flwr.proto.Fleet/GetFab": byNode,
  "/flwr.proto.Fleet/PushObject": byNode,
  "/flwr.proto.Fleet/PullObject": byNode,
  "/flwr.proto.Fleet/ConfirmMessageReceived": byNode,
};

/** The calls of Flower 1.15 to 1.22 that the current Fleet API lacks. A test fails when a method has no row. */
export const OLDER_FLEET_POLICY: Readonly<Record<string, NodePolicy>> = {
  "/flwr.proto.Fleet/CreateNode": { admission: "key" },
  "/flwr.proto.Fleet/DeleteNode": {
    admission: "node",
    claims: ({ node }: DeleteNodeRequest) => [idOf(node)],
  },
  "/flwr.proto.Fleet/Ping": byNode,
};

/** Returns a method's row of the policy. @param method its gRPC path */
export function nodePolicyOf(method: string): NodePolicy {
  const row = FLEET_POLICY[method] ?? OLDER_FLEET_POLICY[method];
  if (row === undefined) throw new TypeError(`No policy for ${method}`);
  return row;
}

/** The node's id; 0, which no node has, if none is named. */
function idOf(node: Node | undefined): bigint {
  return node?.nodeId ?? 0n;
}

/** The largest request of a Fleet API method, in bytes. Flower has no such limits, but its nodes stay within these. */
export function fleetRequestBytes({ localName }: DescMethod): number {
  switch (localName as keyof typeof Fleet.method) {
    case "pushMessages":
      return MAX_TREE_REQUEST_BYTES + MAX_ALONG_BYTES;
    case "pushObject":
      return MAX_MESSAGE_BYTES;
    default:
      return MAX_SMALL_REQUEST_BYTES;
  }
}

/**
 * The largest request of a method, in bytes. Nodes of 1.15 to 1.18 send whole replies, later ones only announce them.
 */
export function olderRequestBytes(method: DescMethod, signer?: Pick<NodeSigner, "wire">): number {
  switch (method.localName as keyof typeof OlderFleet.method) {
    case "pushMessages":
      return signer?.wire === NODE_WIRE.whole ? MAX_MESSAGE_BYTES : fleetRequestBytes(method);
    default:
      return MAX_SMALL_REQUEST_BYTES;
  }
}
