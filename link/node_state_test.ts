import assert from "node:assert/strict";
import { nextNodeState, type NodeEvent, type NodeState } from "./node_state.ts";

const EVENTS: readonly NodeEvent[] = ["join", "heartbeat", "lapse", "leave"];

/** The state after each event, in the order above; "-" where it is not legal. */
const TABLE: Readonly<Record<NodeState, string>> = {
  registered: "online - - -",
  online: "online online offline left",
  offline: "online online - left",
  left: "online - - -",
};

Deno.test("nodes move as the table says", () => {
  for (const [state, row] of Object.entries(TABLE)) {
    const actual = EVENTS.map((event) => nextNodeState(state as NodeState, event) ?? "-");
    assert.equal(actual.join(" "), row, state);
  }
});
