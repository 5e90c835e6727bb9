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
 * Maximum number of nodes of one object tree on the wire, equal to link's limit: 25,000 arrays, or 250 GB of chunks;
 * 4 MB on the wire. Reading one takes about 30 ms, which servers do in parts.
 */
export const MAX_TREE_NODES = 50_000;

/**
 * Converts the tree under a root to protobuf. As in Flower, an object with several parents appears under each of
 * them, with all its descendants.
 *
 * @throws FlwrError "invalid-argument" if an object is not in the tree; "resource-exhausted" if the tree is deeper
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
 * Converts a tree from protobuf: each object once, the root first.
 *
 * @throws FlwrError "invalid-argument" for an invalid id, and for an object that occurs twice with different
 *   children; "resource-exhausted" as {@link treeToWire}
 */
export function treeFromWire(root: WireTree): ObjectTree {
  const reader = new TreeReader(root);
  while (!reader.done) reader.read(MAX_TREE_NODES);
  return reader.tree;
}

/**
 * Reads a tree from protobuf in parts, which lets a server answer other calls meanwhile. A repeated object costs only
 * a lookup and a comparison: its id is checked and its children are listed once.
 */
export class TreeReader {
  readonly #tree = new Map<ObjectId, readonly ObjectId[]>();
  readonly #budget = new Budget();
  /** The path to the next node, and for each node on it the index of its next child. */
  readonly #path: { readonly children: readonly WireTree[]; next: number }[];

  constructor(root: WireTree) {
    this.#path = [{ children: [root], next: 0 }];
  }

  /** Whether the whole tree was read. */
  get done(): boolean {
    return this.#path.length === 0;
  }

  /** The nodes read so far; the whole tree when the reader is done. */
  get tree(): ObjectTree {
    return this.#tree;
  }

  /**
   * Reads the next nodes, parents before their children.
   *
   * @param most maximum number of nodes to read
   * @returns number of nodes read
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
      this.#addNode(node);
      read++;
      if (node.children.length > 0) path.push({ children: node.children, next: 0 });
    }
    return read;
  }

  #addNode({ objectId, children }: WireTree): void {
    const known = this.#tree.get(objectId);
    if (known !== undefined) {
      if (isChildren(known, children)) return;
      throw new FlwrError(
        "invalid-argument",
        `Object tree contains "${objectId}" twice with different children`,
      );
    }
    if (!isObjectId(objectId)) {
      throw new FlwrError(
        "invalid-argument",
        `Object tree contains "${objectId}", which is not an object id`,
      );
    }
    this.#tree.set(
      objectId,
      children.length === 0 ? NO_CHILDREN : children.map((child) => child.objectId),
    );
  }
}

/** Children of a leaf, shared by all leaves. */
const NO_CHILDREN: readonly ObjectId[] = [];

/** Ids of all objects of a tree, each once, children before their parents. */
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

/** Number of nodes of a tree, counting repeated objects each time. */
export function countNodes({ children }: WireTree): number {
  return children.reduce((sum, child) => sum + countNodes(child), 1);
}

/** Counter for a tree's limits. */
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
