/**
 * Where a node is in its life: known but never joined, within its heartbeat interval, past it, or gone by its own
 * word. A node that left keeps its id if it has a key.
 */
export type NodeState = "registered" | "online" | "offline" | "left";

/** What can happen to a node: it joins, shows that it is alive, misses its heartbeat, or leaves. */
export type NodeEvent = "join" | "heartbeat" | "lapse" | "leave";

const MOVES: Readonly<Record<NodeState, Partial<Record<NodeEvent, NodeState>>>> = {
  registered: { join: "online" },
  online: { join: "online", heartbeat: "online", lapse: "offline", leave: "left" },
  offline: { join: "online", heartbeat: "online", leave: "left" },
  left: { join: "online" },
};

/** The state after the event; undefined where the event is not legal. */
export function nextNodeState(state: NodeState, event: NodeEvent): NodeState | undefined {
  return MOVES[state][event];
}
