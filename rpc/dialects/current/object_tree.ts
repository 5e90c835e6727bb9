import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import type { ObjectId, ObjectTree } from "../../../link/message.ts";
import {
  type ObjectTree as WireTree,
  ObjectTreeSchema,
} from "../../../proto/gen/current/message_pb.ts";
import { isObjectId } from "../../objects/object.ts";
import { MAX_TREE_DEPTH, MAX_TREE_NODES } from "./limits.ts";

/**
 * The tree under a root as protobuf. An object that is referred to from several places stands at each of them with all
 * that is below it, as in Flower.
 *
 * @throws FlwrError "invalid-argument" when an object is not in the tree; "resource-exhausted" when the tree is deeper
 *   than MAX_TREE_DEPTH or would have more than MAX_TREE_NODES nodes
 */
export function treeToWire(root: ObjectId, tree: ObjectTree): WireTree {
  const budget = new Budget();
  const visit = (objectId: ObjectId, depth: number): WireTree => {
    budget.spend(depth);
    const children = tree.get(objectId);
    if (children === undefined) {
      throw new FlwrError("invalid-argument", `Object "${objectId}" is not in its tree`);
    }
    return create(ObjectTreeSchema, {
      objectId,
      children: children.map((child) => visit(child, depth + 1)),
    });
  };
  return visit(root, 1);
}

/**
 * A tree from protobuf: each object once, the root first.
 *
 * @throws FlwrError "invalid-argument" for an id that is none, and for an object that stands twice with different
 *   children; "resource-exhausted" as {@link treeToWire}
 */
export function treeFromWire(root: WireTree): ObjectTree {
  const tree = new Map<ObjectId, readonly ObjectId[]>();
  const budget = new Budget();
  const visit = ({ objectId, children }: WireTree, depth: number): void => {
    budget.spend(depth);
    if (!isObjectId(objectId)) {
      throw new FlwrError("invalid-argument", `Object tree names "${objectId}": no object id`);
    }
    const ids = children.map((child) => child.objectId);
    const known = tree.get(objectId);
    if (known === undefined) tree.set(objectId, ids);
    else if (!sameIds(known, ids)) {
      throw new FlwrError(
        "invalid-argument",
        `Object tree names "${objectId}" twice with different children`,
      );
    }
    for (const child of children) visit(child, depth + 1);
  };
  visit(root, 1);
  return tree;
}

/** Ids of all objects of a tree, children before those that refer to them, each once. */
export function idsOfTree(root: ObjectId, tree: ObjectTree): ObjectId[] {
  const ids = new Set<ObjectId>();
  const visit = (id: ObjectId): void => {
    if (ids.has(id)) return;
    for (const child of tree.get(id) ?? []) visit(child);
    ids.add(id);
  };
  visit(root);
  return [...ids];
}

/** How many nodes a tree has, those that stand in several places each time. */
export function countNodes({ children }: WireTree): number {
  return children.reduce((sum, child) => sum + countNodes(child), 1);
}

/** What is left of a tree's limits. */
class Budget {
  #nodes = 0;

  spend(depth: number): void {
    if (depth > MAX_TREE_DEPTH) {
      throw new FlwrError(
        "resource-exhausted",
        `Object tree is nested deeper than ${MAX_TREE_DEPTH} levels`,
      );
    }
    if (++this.#nodes > MAX_TREE_NODES) {
      throw new FlwrError(
        "resource-exhausted",
        `Object tree has more than ${MAX_TREE_NODES} nodes`,
      );
    }
  }
}

function sameIds(a: readonly ObjectId[], b: readonly ObjectId[]): boolean {
  return a.length === b.length && a.every((id, place) => id === b[place]);
}
