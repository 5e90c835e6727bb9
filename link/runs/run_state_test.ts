import assert from "node:assert/strict";
import { nextRunState, type RunTrigger } from "./run_state.ts";
import { isFinished, type RunState, takesMessages } from "../../entities/run.ts";

const EVENTS: readonly RunTrigger[] = ["claim", "release", "begin", "complete", "fail", "stop"];

/** The state after each event, in the order above; "-" where it is not legal. */
const TABLE: Readonly<Record<RunState, string>> = {
  pending: "starting - - - finished:failed finished:stopped",
  starting: "- pending running - finished:failed finished:stopped",
  running: "- - - finished:completed finished:failed finished:stopped",
  "finished:completed": "- - - - - -",
  "finished:failed": "- - - - - -",
  "finished:stopped": "- - - - - -",
};

Deno.test("runs move as the table says", () => {
  for (const [state, row] of Object.entries(TABLE)) {
    const actual = EVENTS.map((event) => nextRunState(state as RunState, event) ?? "-");
    assert.equal(actual.join(" "), row, state);
  }
});

Deno.test("messages are taken of running runs only", () => {
  const taking = Object.keys(TABLE).filter((state) => takesMessages(state as RunState));
  assert.deepEqual(taking, ["running"]);
});

Deno.test("a run that can move no more has finished", () => {
  for (const state of Object.keys(TABLE) as RunState[]) {
    const moves = EVENTS.filter((event) => nextRunState(state, event) !== undefined);
    assert.equal(isFinished(state), moves.length === 0, state);
  }
});
