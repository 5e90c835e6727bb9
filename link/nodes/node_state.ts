/**
 * State of a node.
 *
 * - `registered`: the key is known, but the node has not joined
 * - `online`: within its heartbeat interval
 * - `offline`: its heartbeat is overdue, or it signed off
 * - `left`: it left by itself; with a key it keeps its id
 * - `unregistered`: its membership has ended for good; its key is never admitted again
 */
export type NodeState = "registered" | "online" | "offline" | "left" | "unregistered";

/** Event that changes a node's state. `lapse`: the heartbeat is overdue. `deactivate`: the node signed off. */
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

/** The state after an event, or undefined if the event is not legal in this state. */
export function nextNodeState(state: NodeState, event: NodeTrigger): NodeState | undefined {
  return MOVES[state][event];
}

/** Whether the node is a member: it can be sent instructions, pull them and reply. */
export function isMember(state: NodeState): boolean {
  return state !== "left" && state !== "unregistered";
}
