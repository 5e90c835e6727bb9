import { RecentMap } from "../../../../base/recent_map.ts";

/** The session of a node whose program sends none: Flower's own, and ours before 0.4. */
const UNNAMED = "";

/**
 * Which of several SuperNodes with one key is the node: the one that joined last.
 *
 * Our SuperNodes name their session, a random text for each start, in a header of each call. So two programs with a
 * copied key are told apart, and the older one is refused. Kept in memory: after a restart of the SuperLink the first
 * call of a node settles it.
 */
export class NodeSessions {
  /** By node id. */
  readonly #current: RecentMap<bigint, string>;

  /** @param capacity how many nodes are remembered; beyond it the one unused for longest goes */
  constructor(capacity: number) {
    this.#current = new RecentMap(capacity);
  }

  /** The node has joined in this session. */
  join(nodeId: bigint, session: string | undefined): void {
    this.#current.set(nodeId, session ?? UNNAMED);
  }

  /** Whether a call in this session is the node's. False when the node joined in another session since. */
  isCurrent(nodeId: bigint, session: string | undefined): boolean {
    const current = this.#current.get(nodeId);
    if (current === undefined) {
      // A program that names no session proves nothing about the others.
      if (session !== undefined) this.#current.set(nodeId, session);
      return true;
    }
    return current === (session ?? UNNAMED);
  }
}
