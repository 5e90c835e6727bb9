import type { InstructionState } from "./instruction_state.ts";
import type { LinkMessage } from "../../entities/message.ts";

/** The mutable fields of a stored instruction. */
export interface InstructionProgress {
  readonly state: InstructionState;
  /** SuperLink that handed the instruction out; undefined unless it is "handed-out". See ServerRecord. */
  readonly holder?: bigint;
  /** Unix time in seconds at which it was last handed out; undefined unless it is "handed-out". */
  readonly handedOutAt?: number;
  /** Number of times the instruction was handed out. */
  readonly deliveries: number;
  /** Whether the reply or error reply was pulled. From then on it does not change. */
  readonly replyPulled: boolean;
  /** Unix time in seconds at which the housekeeper must handle the instruction. */
  readonly dueAt: number;
}

/** A stored instruction. Its reply is in {@link ReplyTable}. */
export interface InstructionRecord extends InstructionProgress {
  readonly message: LinkMessage;
}

/** How many instructions of a run wait for an answer. */
export interface UnansweredInstructions {
  readonly runId: bigint;
  /** At least 1. */
  readonly count: number;
}

/** Table of instructions. Lists are in the order of insertion. */
export interface InstructionTable {
  /** Adds instructions, in this order. Their runs must exist. */
  addAll(instructions: readonly InstructionRecord[]): Promise<void>;
  /** The instructions with these ids, as far as they exist. */
  get(messageIds: readonly string[]): Promise<InstructionRecord[]>;
  /** The node's instructions in state "waiting" or "handed-out". */
  openOf(nodeId: bigint): Promise<InstructionRecord[]>;
  /** The node's instructions in state "handed-out". The cost does not depend on the number of waiting ones. */
  handedOutTo(nodeId: bigint): Promise<InstructionRecord[]>;
  /** The node's instructions of a run that are "handed-out", or "waiting" after they were handed out before. */
  handedTo(nodeId: bigint, runId: bigint): Promise<LinkMessage[]>;
  /**
   * The node's first "waiting" instruction that was handed out fewer than `maxDeliveries` times and has not expired.
   */
  nextWaiting(
    nodeId: bigint,
    now: number,
    maxDeliveries: number,
  ): Promise<InstructionRecord | undefined>;
  /** Those of these nodes that have an instruction in state "waiting", in no particular order. */
  waitingFor(nodeIds: readonly bigint[]): Promise<bigint[]>;
  /** The runs that have instructions in state "waiting" or "handed-out", in ascending order of id. */
  unanswered(): Promise<UnansweredInstructions[]>;
  /** All instructions in state "handed-out". @param holder only those that this SuperLink handed out */
  handedOut(holder?: bigint): Promise<InstructionRecord[]>;
  /** All instructions of a run. */
  ofRun(runId: bigint): Promise<InstructionRecord[]>;
  /** Instructions with `dueAt` ≤ `now`, earliest first. */
  due(now: number, limit: number): Promise<InstructionRecord[]>;
  update(messageId: string, progress: InstructionProgress): Promise<void>;
  /** Removes the instruction and its reply. The caller releases their objects. */
  remove(messageId: string): Promise<void>;
}

/** Table of replies, at most one for each instruction. */
export interface ReplyTable {
  /** The existing replies to these instructions. */
  to(instructionIds: readonly string[]): Promise<LinkMessage[]>;
  get(messageId: string): Promise<LinkMessage | undefined>;
  /** The replies with these ids, as far as they exist. */
  withIds(messageIds: readonly string[]): Promise<LinkMessage[]>;
  /** Adds a reply, or replaces the reply to the same instruction. The instruction must exist. */
  put(reply: LinkMessage): Promise<void>;
}
