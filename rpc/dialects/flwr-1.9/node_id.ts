import { create } from "@bufbuild/protobuf";
import { SUPERLINK_NODE_ID } from "../../../entities/metadata.ts";
import { type Node, NodeSchema } from "../../../proto/gen/flwr-1.9/node_pb.ts";

/**
 * Ids on the 1.9 wire are signed 64-bit; in the domain, as in every later Flower, they are unsigned. Both have the
 * same bits.
 */
export function idToWire(id: bigint): bigint {
  return BigInt.asIntN(64, id);
}

/** The unsigned id with the bits of a signed one. */
export function idFromWire(id: bigint): bigint {
  return BigInt.asUintN(64, id);
}

/** A node as the 1.9 wire names it. The SuperLink, or a ServerApp behind it, is the anonymous node 0. */
export function nodeToWire(nodeId: bigint): Node {
  return nodeId === SUPERLINK_NODE_ID
    ? create(NodeSchema, { nodeId: 0n, anonymous: true })
    : create(NodeSchema, { nodeId: idToWire(nodeId), anonymous: false });
}

/**
 * The id of a node on the 1.9 wire.
 *
 * @returns undefined for a node that is missing or contradicts itself: anonymous with an id, or without one
 */
export function nodeFromWire(node: Node | undefined): bigint | undefined {
  if (node === undefined || node.anonymous !== (node.nodeId === 0n)) return undefined;
  return node.anonymous ? SUPERLINK_NODE_ID : idFromWire(node.nodeId);
}
