import type {
  ActivateNodeRequest,
  DeactivateNodeRequest,
  PushMessagesRequest,
  RegisterNodeFleetRequest,
  UnregisterNodeFleetRequest,
} from "../../../../proto/gen/current/fleet_pb.ts";
import type { DeleteNodeRequest } from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import type { Node } from "../../../../proto/gen/current/node_pb.ts";

/**
 * Who may make a call of the Fleet API. Every call carries a time signed with the caller's key; beyond that:
 * - "key": where the SuperLink admits known keys only, the key is one of them; a request that names a key names this one;
 * - "node": every node that the request speaks for is the one that belongs to the key.
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

/** The calls of Flower 1.15 to 1.22 that today's Fleet API does not have. A test fails when a method has no row. */
export const OLDER_FLEET_POLICY: Readonly<Record<string, NodePolicy>> = {
  "/flwr.proto.Fleet/CreateNode": { admission: "key" },
  "/flwr.proto.Fleet/DeleteNode": {
    admission: "node",
    claims: ({ node }: DeleteNodeRequest) => [idOf(node)],
  },
  "/flwr.proto.Fleet/Ping": byNode,
};

/** The policy's row of a method. @param method its gRPC path */
export function nodePolicyOf(method: string): NodePolicy {
  const row = FLEET_POLICY[method] ?? OLDER_FLEET_POLICY[method];
  if (row === undefined) throw new TypeError(`No policy for ${method}`);
  return row;
}

/** 0, which no node is, where none is named. */
function idOf(node: Node | undefined): bigint {
  return node?.nodeId ?? 0n;
}
