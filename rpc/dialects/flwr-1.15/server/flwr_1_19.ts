import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import { RecentMap } from "../../../../base/recent_map.ts";
import { type ObjectTree, ObjectTreeSchema } from "../../../../proto/gen/flwr-1.15/message_pb.ts";

/** A hash that no bytes have, and so the id of no object. */
const WITNESS = "0".repeat(64);

/** Nodes that are remembered between their two calls, which are seconds apart; the oldest is forgotten first. */
export const MAX_SEEN = 10_000;

/**
 * Detects nodes of Flower 1.19 and refuses them. This version is between the protocols: it receives messages as
 * objects, but the responses that announce them, and the arrays among them, have their own form. Until its first
 * message it looks like 1.20 to 1.22.
 *
 * Where later versions read the trees of a message's objects, 1.19 reads a map from the message's id to the ids of
 * its objects. In protobuf, an entry of that map and a tree of two levels have the same bytes. Of several entries for
 * one id, 1.19 uses the last, and later versions use only the first tree. So a second tree reaches only 1.19: it
 * names an object that no other version requests. An error in response to that request is lost in one of the node's
 * threads. An error in response to the message's confirmation ends the node and shows this text.
 */
export class Nodes119 {
  /** Nodes that have requested the witness and have not confirmed yet. */
  readonly #seen = new RecentMap<bigint, true>(MAX_SEEN);
  readonly #onRefused: (nodeId: bigint) => void;

  /** @param onRefused called for each refused node */
  constructor(onRefused: (nodeId: bigint) => void) {
    this.#onRefused = onRefused;
  }

  /** The tree that only 1.19 reads. */
  probeTree(messageId: string): ObjectTree {
    return create(ObjectTreeSchema, { objectId: messageId, children: [{ objectId: WITNESS }] });
  }

  /**
   * Checks a node's request for an object. @returns whether it shows a node of 1.19, which must get a response that
   * lets it continue
   */
  recordsProbe(nodeId: bigint, objectId: string): boolean {
    if (objectId !== WITNESS) return false;
    this.#seen.set(nodeId, true);
    return true;
  }

  /** Checks a node's confirmation of a message. @throws FlwrError "failed-precondition" for a node of 1.19 */
  checkConfirmation(nodeId: bigint): void {
    if (!this.#seen.delete(nodeId)) return;
    this.#onRefused(nodeId);
    throw new FlwrError(
      "failed-precondition",
      "This SuperLink does not support SuperNodes of Flower 1.19: install Flower 1.18, 1.20 or a later version",
    );
  }
}
