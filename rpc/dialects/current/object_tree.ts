import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import type { ObjectId, ObjectTree } from "../../../entities/object.ts";
import {
  type ObjectTree as WireTree,
  ObjectTreeSchema,
} from "../../../proto/gen/current/message_pb.ts";
import { isObjectId } from "../../objects/object.ts";
import { MAX_TREE_DEPTH } from "./limits.ts";

/**
 * Nodes of one object tree as a wire carries it, as link's own limit: 25,000 arrays, or 250 GB of chunks; 4 MB on the
 * wire. Reading one takes some 30 ms, which servers do in parts.
 */
export const MAX_TREE_NODES = 50_000;

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
  const reader = new TreeReader(root);
  while (!reader.done) reader.read(MAX_TREE_NODES);
  return reader.tree;
}

/**
 * Reads a tree from protobuf a number of nodes at a time, so that a server can answer others meanwhile. An object that
 * stands in many places costs a lookup and a comparison at each of them: its id is checked, and its children are
 * listed, at the first one only.
 */
export class TreeReader {
  readonly #tree = new Map<ObjectId, readonly ObjectId[]>();
  readonly #budget = new Budget();
  /** The nodes on the way to the next one, and which of its children each comes to next. */
  readonly #path: { readonly children: readonly WireTree[]; next: number }[];

  constructor(root: WireTree) {
    this.#path = [{ children: [root], next: 0 }];
  }

  /** Whether the whole tree was read. */
  get done(): boolean {
    return this.#path.length === 0;
  }

  /** What was read so far: the whole tree once the reader is done. */
  get tree(): ObjectTree {
    return this.#tree;
  }

  /**
   * Reads on, parents before their children.
   *
   * @param most nodes to read at most
   * @returns nodes that were read
   * @throws FlwrError as {@link treeFromWire}
   */
  read(most: number): number {
    const path = this.#path;
    let read = 0;
    while (path.length > 0 && read < most) {
      const place = path.at(-1)!;
      if (place.next === place.children.length) {
        path.pop();
        continue;
      }
      const node = place.children[place.next++]!;
      this.#budget.spend(path.length);
      this.#take(node);
      read++;
      if (node.children.length > 0) path.push({ children: node.children, next: 0 });
    }
    return read;
  }

  #take({ objectId, children }: WireTree): void {
    const known = this.#tree.get(objectId);
    if (known !== undefined) {
      if (isChildren(known, children)) return;
      throw new FlwrError(
        "invalid-argument",
        `Object tree names "${objectId}" twice with different children`,
      );
    }
    if (!isObjectId(objectId)) {
      throw new FlwrError("invalid-argument", `Object tree names "${objectId}": no object id`);
    }
    this.#tree.set(
      objectId,
      children.length === 0 ? NO_CHILDREN : children.map((child) => child.objectId),
    );
  }
}

/** The children of every object that has none. */
const NO_CHILDREN: readonly ObjectId[] = [];

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

function isChildren(known: readonly ObjectId[], children: readonly WireTree[]): boolean {
  if (known.length !== children.length) return false;
  for (let place = 0; place < known.length; place++) {
    if (known[place] !== children[place]!.objectId) return false;
  }
  return true;
}
