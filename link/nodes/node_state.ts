/**
 * Where a node is in its life: known but never joined, within its heartbeat interval, past it or offline by its own
 * word, gone by its own word, or expelled for good. A node that left keeps its id if it has a key; the key of one that
 * was unregistered is never admitted again.
 */
export type NodeState = "registered" | "online" | "offline" | "left" | "unregistered";

/** What can happen to a node: it joins, shows that it is alive, misses its heartbeat, pauses, leaves, is expelled. */
export type NodeTrigger = "join" | "heartbeat" | "lapse" | "deactivate" | "leave" | "unregister";

const MOVES: Readonly<Record<NodeState, Partial<Record<NodeTrigger, NodeState>>>> = {
  registered: {
    join: "online",
    heartbeat: "online",
    deactivate: "registered",
    leave: "left",
    unregister: "unregistered",
  },
  online: {
    join: "online",
    heartbeat: "online",
    lapse: "offline",
    deactivate: "offline",
    leave: "left",
    unregister: "unregistered",
  },
  offline: {
    join: "online",
    heartbeat: "online",
    deactivate: "offline",
    leave: "left",
    unregister: "unregistered",
  },
  left: { join: "online", unregister: "unregistered" },
  unregistered: {},
};

/** The state after the event; undefined where the event is not legal. */
export function nextNodeState(state: NodeState, event: NodeTrigger): NodeState | undefined {
  return MOVES[state][event];
}

/** Whether the node takes part: it can be sent messages, pull them and answer. */
export function isMember(state: NodeState): boolean {
  return state !== "left" && state !== "unregistered";
}
