/**
 * State of an instruction.
 *
 * - `waiting`: the node has not pulled the instruction
 * - `handed-out`: the node pulled the instruction and has not answered
 * - `answered`: the node's reply is stored
 * - `expired`: the ttl of the instruction or its reply has passed; an error reply is stored
 * - `undeliverable`: the node cannot answer; an error reply is stored
 * - `cancelled`: the run finished, so the reply will not be pulled
 */
export type InstructionState =
  | "waiting"
  | "handed-out"
  | "answered"
  | "expired"
  | "undeliverable"
  | "cancelled";

/** Event that changes an instruction's state. `requeue`: the node returned it, or its delivery is uncertain. */
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
  // A waiting instruction can be answered: its node may have pulled it before it was requeued.
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

/** The state after an event, or undefined if the event is not legal in this state. */
export function nextInstructionState(
  state: InstructionState,
  event: InstructionTrigger,
): InstructionState | undefined {
  return MOVES[state][event];
}

/** Whether the node can still answer the instruction. */
export function isOpen(state: InstructionState): boolean {
  return nextInstructionState(state, "answer") !== undefined;
}
