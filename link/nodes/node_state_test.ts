import assert from "node:assert/strict";
import { isMember, nextNodeState, type NodeTrigger } from "./node_state.ts";
import type { NodeState } from "../../entities/node.ts";

const EVENTS: readonly NodeTrigger[] = [
  "join",
  "heartbeat",
  "lapse",
  "deactivate",
  "leave",
  "unregister",
];

/** The state after each event, in the order above; "-" if the event is not legal. */
const TABLE: Readonly<Record<NodeState, string>> = {
  registered: "online online - registered left unregistered",
  online: "online online offline offline left unregistered",
  offline: "online online - offline left unregistered",
  left: "online - - - - unregistered",
  unregistered: "- - - - - -",
};

Deno.test("node states change as in the table", () => {
  for (const [state, row] of Object.entries(TABLE)) {
    const actual = EVENTS.map((event) => nextNodeState(state as NodeState, event) ?? "-");
    assert.equal(actual.join(" "), row, state);
  }
});

Deno.test("nodes that left or were unregistered are not members", () => {
  const members = Object.keys(TABLE).filter((state) => isMember(state as NodeState));
  assert.deepEqual(members, ["registered", "online", "offline"]);
});
