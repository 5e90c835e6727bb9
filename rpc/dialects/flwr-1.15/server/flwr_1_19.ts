import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import { RecentMap } from "../../../../base/recent_map.ts";
import { type ObjectTree, ObjectTreeSchema } from "../../../../proto/gen/flwr-1.15/message_pb.ts";

/** No bytes have this hash: the id of no object. */
const WITNESS = "0".repeat(64);

/** Nodes that are remembered between their two calls, which are seconds apart: of more the oldest is forgotten. */
export const MAX_SEEN = 10_000;

/**
 * Tells nodes of Flower 1.19 that they are not served. That version is between the wires: it takes messages as objects,
 * but the answers that announce them, and the arrays among them, are its own. Up to its first message it cannot be told
 * from 1.20 to 1.22.
 *
 * In the place where later versions read the trees of a message's objects, 1.19 reads a map from the message's id to the
 * ids of its objects: in protobuf, an entry of that map and a tree of two levels are the same bytes. Of several entries
 * for one id it takes the last, and later versions look at the first tree alone. So a second tree is for 1.19 only: it
 * names an object that no other version asks for. What such a node is told there is lost in one of its threads; what it is
 * told when it then confirms its message ends it, with these words.
 */
export class Nodes119 {
  /** Nodes that have asked for the witness, and not yet confirmed. */
  readonly #seen = new RecentMap<bigint, true>(MAX_SEEN);
  readonly #onRefused: (nodeId: bigint) => void;

  /** @param onRefused told of each node that is told so */
  constructor(onRefused: (nodeId: bigint) => void) {
    this.#onRefused = onRefused;
  }

  /** What 1.19 reads of an announced message, and no other version. */
  tree(messageId: string): ObjectTree {
    return create(ObjectTreeSchema, { objectId: messageId, children: [{ objectId: WITNESS }] });
  }

  /** A node asks for an object. @returns whether it is one of 1.19, which must get something that it can go on with */
  asks(nodeId: bigint, objectId: string): boolean {
    if (objectId !== WITNESS) return false;
    this.#seen.set(nodeId, true);
    return true;
  }

  /** A node confirms a message. @throws FlwrError "failed-precondition" to one of 1.19 */
  confirms(nodeId: bigint): void {
    if (!this.#seen.delete(nodeId)) return;
    this.#onRefused(nodeId);
    throw new FlwrError(
      "failed-precondition",
      "This SuperLink does not serve SuperNodes of Flower 1.19: install Flower 1.18 or 1.20, or a later version",
    );
  }
}
