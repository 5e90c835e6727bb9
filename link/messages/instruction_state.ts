/**
 * Where an instruction is on its way to an answer.
 *
 * - `waiting`: for its node to pull it
 * - `handed-out`: its node pulled it and has not answered
 * - `answered`: its node's reply is stored
 * - `expired`: its time, or that of its reply, passed; an error stands in for the reply
 * - `undeliverable`: its node cannot answer; an error stands in for the reply
 * - `cancelled`: its run finished; nobody will ask for the reply
 */
export type InstructionState =
  | "waiting"
  | "handed-out"
  | "answered"
  | "expired"
  | "undeliverable"
  | "cancelled";

/** What can happen to an instruction. `requeue`: it was returned, or its delivery is uncertain. */
export type InstructionTrigger =
  | "hand-out"
  | "requeue"
  | "answer"
  | "expire"
  | "give-up"
  | "cancel";

const MOVES: Readonly<
  Record<InstructionState, Partial<Record<InstructionTrigger, InstructionState>>>
> = {
  // A waiting instruction can be answered: its node may hold it from before it was requeued.
  waiting: {
    "hand-out": "handed-out",
    answer: "answered",
    expire: "expired",
    "give-up": "undeliverable",
    cancel: "cancelled",
  },
  "handed-out": {
    requeue: "waiting",
    answer: "answered",
    expire: "expired",
    "give-up": "undeliverable",
    cancel: "cancelled",
  },
  answered: { expire: "expired", cancel: "cancelled" },
  expired: { cancel: "cancelled" },
  undeliverable: { cancel: "cancelled" },
  cancelled: {},
};

/** The state after the event; undefined where the event is not legal. */
export function nextInstructionState(
  state: InstructionState,
  event: InstructionTrigger,
): InstructionState | undefined {
  return MOVES[state][event];
}

/** Whether the instruction can still be answered by its node. */
export function isOpen(state: InstructionState): boolean {
  return nextInstructionState(state, "answer") !== undefined;
}
