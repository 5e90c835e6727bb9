import { create } from "@bufbuild/protobuf";
import { writePem } from "../../../../auth/pem.ts";
import { NO_ACCOUNT } from "../../../../entities/account.ts";
import type { LinkNode } from "../../../../entities/node.ts";
import { type NodeInfo, NodeInfoSchema } from "../../../../proto/gen/current/node_pb.ts";
import { isoTime } from "../iso_time.ts";

/** Converts a node to protobuf. A node without an owner gets that of Flower without accounts. */
export function nodeInfoToWire(node: LinkNode): NodeInfo {
  const { nodeId, publicKey, name, location, onlineUntil, heartbeatInterval } = node;
  return create(NodeInfoSchema, {
    nodeId,
    ownerAid: node.ownerId ?? NO_ACCOUNT.id,
    ownerName: node.ownerName ?? NO_ACCOUNT.name,
    status: statusOf(node),
    registeredAt: isoTime(node.registeredAt),
    heartbeatInterval,
    publicKey: new TextEncoder().encode(
      publicKey === undefined ? "" : writePem("PUBLIC KEY", publicKey),
    ),
    ...(onlineUntil > 0 && { onlineUntil }),
    ...(node.activatedAt !== undefined && { lastActivatedAt: isoTime(node.activatedAt) }),
    ...(node.deactivatedAt !== undefined && { lastDeactivatedAt: isoTime(node.deactivatedAt) }),
    ...(node.unregisteredAt !== undefined && { unregisteredAt: isoTime(node.unregisteredAt) }),
    ...(name !== undefined && { name }),
    ...(location !== undefined && { location }),
  });
}

/** Flower's name of a node's state. A node that left over the 1.9 protocol is offline. */
function statusOf({ state, unregisteredAt }: LinkNode): string {
  if (unregisteredAt !== undefined) return "unregistered";
  return state === "left" ? "offline" : state;
}
