import assert from "node:assert/strict";
import { nextRunState, type RunTrigger } from "./run_state.ts";
import { isFinished, type RunState, takesMessages } from "../../entities/run.ts";

const EVENTS: readonly RunTrigger[] = [
  ...["claim", "release", "begin", "interrupt", "complete", "fail", "stop"] as const,
];

/** The state after each event, in the order above; "-" if the event is not legal. */
const TABLE: Readonly<Record<RunState, string>> = {
  pending: "starting - - - - finished:failed finished:stopped",
  starting: "- pending running - - finished:failed finished:stopped",
  running: "- - - pending finished:completed finished:failed finished:stopped",
  "finished:completed": "- - - - - - -",
  "finished:failed": "- - - - - - -",
  "finished:stopped": "- - - - - - -",
};

Deno.test("run states change as in the table", () => {
  for (const [state, row] of Object.entries(TABLE)) {
    const actual = EVENTS.map((event) => nextRunState(state as RunState, event) ?? "-");
    assert.equal(actual.join(" "), row, state);
  }
});

Deno.test("only running runs accept messages", () => {
  const taking = Object.keys(TABLE).filter((state) => takesMessages(state as RunState));
  assert.deepEqual(taking, ["running"]);
});

Deno.test("a run without legal events has finished", () => {
  for (const state of Object.keys(TABLE) as RunState[]) {
    const moves = EVENTS.filter((event) => nextRunState(state, event) !== undefined);
    assert.equal(isFinished(state), moves.length === 0, state);
  }
});
