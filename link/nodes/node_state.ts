import type { NodeState } from "../../entities/node.ts";

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
