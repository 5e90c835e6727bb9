import type { NodeState } from "../../entities/node.ts";

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
