import { create } from "@bufbuild/protobuf";
import { SUPERLINK_NODE_ID } from "../../../entities/metadata.ts";
import { type Node, NodeSchema } from "../../../proto/gen/flwr-1.9/node_pb.ts";

/**
 * Converts an id to Flower 1.9's signed 64-bit form. In the domain, as in later Flower versions, ids are unsigned.
 * Both forms have the same bits.
 */
export function idToWire(id: bigint): bigint {
  return BigInt.asIntN(64, id);
}

/** Converts a signed id to the unsigned one with the same bits. */
export function idFromWire(id: bigint): bigint {
  return BigInt.asUintN(64, id);
}

/** Converts a node id to a 1.9 node. The SuperLink, or a ServerApp behind it, is the anonymous node 0. */
export function nodeToWire(nodeId: bigint): Node {
  return nodeId === SUPERLINK_NODE_ID
    ? create(NodeSchema, { nodeId: 0n, anonymous: true })
    : create(NodeSchema, { nodeId: idToWire(nodeId), anonymous: false });
}

/**
 * Reads the id of a 1.9 node.
 *
 * @returns undefined for a missing node, and for an inconsistent one: anonymous with an id, or not anonymous without
 *   one
 */
export function nodeFromWire(node: Node | undefined): bigint | undefined {
  if (node === undefined || node.anonymous !== (node.nodeId === 0n)) return undefined;
  return node.anonymous ? SUPERLINK_NODE_ID : idFromWire(node.nodeId);
}
