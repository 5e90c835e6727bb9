import assert from "node:assert/strict";
import {
  type InstructionState,
  type InstructionTrigger,
  isOpen,
  nextInstructionState,
} from "./instruction_state.ts";

const EVENTS: readonly InstructionTrigger[] = [
  "hand-out",
  "requeue",
  "answer",
  "expire",
  "give-up",
  "cancel",
];

/** The state after each event, in the order above; "-" if the event is not legal. */
const TABLE: Readonly<Record<InstructionState, string>> = {
  waiting: "handed-out - answered expired undeliverable cancelled",
  "handed-out": "- waiting answered expired undeliverable cancelled",
  answered: "- - - expired - cancelled",
  expired: "- - - - - cancelled",
  undeliverable: "- - - - - cancelled",
  cancelled: "- - - - - -",
};

Deno.test("instruction states change as in the table", () => {
  for (const [state, row] of Object.entries(TABLE)) {
    const actual = EVENTS.map((event) =>
      nextInstructionState(state as InstructionState, event) ?? "-"
    );
    assert.equal(actual.join(" "), row, state);
  }
});

Deno.test("an instruction is open until it has a reply or an error reply", () => {
  const open = Object.keys(TABLE).filter((state) => isOpen(state as InstructionState));
  assert.deepEqual(open, ["waiting", "handed-out"]);
});
