import { RecentMap } from "../../../../base/recent_map.ts";

/** Session of a node whose program sends no id: Flower's own, and ours before 0.4. */
const UNNAMED = "";

/**
 * Current session of each node: of several SuperNodes with one key, the one that joined last.
 *
 * Our SuperNodes send a session id, random for each start, in a header of each call. This distinguishes programs with
 * a copied key, and the older one is refused. Sessions are kept in memory: after a restart of the SuperLink, a node's
 * first call determines its session.
 */
export class NodeSessions {
  /** By node id. */
  readonly #current: RecentMap<bigint, string>;

  /** @param capacity number of nodes to remember; beyond it the least recently used is forgotten */
  constructor(capacity: number) {
    this.#current = new RecentMap(capacity);
  }

  /** Notes that the node has joined in this session. */
  join(nodeId: bigint, session: string | undefined): void {
    this.#current.set(nodeId, session ?? UNNAMED);
  }

  /** Whether a call belongs to the node's current session. False if the node has since joined in another session. */
  isCurrent(nodeId: bigint, session: string | undefined): boolean {
    const current = this.#current.get(nodeId);
    if (current === undefined) {
      // A call without a session id proves nothing about other sessions.
      if (session !== undefined) this.#current.set(nodeId, session);
      return true;
    }
    return current === (session ?? UNNAMED);
  }
}
