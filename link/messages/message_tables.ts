import type { InstructionState } from "./instruction_state.ts";
import type { LinkMessage } from "../../entities/message.ts";

/** What changes about an instruction while it is kept. */
export interface InstructionProgress {
  readonly state: InstructionState;
  /** How often it was handed out. */
  readonly deliveries: number;
  /** Whether its reply, or the error in its place, was given to anyone: from then on that is final. */
  readonly told: boolean;
  /** Unix time in seconds at which the housekeeper has to look at it. */
  readonly dueAt: number;
}

/** An instruction as it is kept. Its reply is kept beside it, see {@link ReplyTable}. */
export interface InstructionRecord extends InstructionProgress {
  readonly message: LinkMessage;
}

/** The instructions of a store. Lists come in the order in which they were added. */
export interface InstructionTable {
  /** Adds an instruction of a run that is there. */
  add(instruction: InstructionRecord): Promise<void>;
  /** Those of the given ids that are there. */
  get(messageIds: readonly string[]): Promise<InstructionRecord[]>;
  /** The node's instructions in state "waiting" or "handed-out". */
  openOf(nodeId: bigint): Promise<InstructionRecord[]>;
  /** The node's instructions in state "handed-out". Costs nothing for those that wait. */
  handedOutTo(nodeId: bigint): Promise<InstructionRecord[]>;
  /** Those of the node's instructions of a run in state "waiting" or "handed-out" that were handed out before. */
  handedTo(nodeId: bigint, runId: bigint): Promise<LinkMessage[]>;
  /** The node's first instruction in state "waiting" handed out fewer than `maxDeliveries` times and valid after `now`. */
  nextWaiting(
    nodeId: bigint,
    now: number,
    maxDeliveries: number,
  ): Promise<InstructionRecord | undefined>;
  /** All instructions in state "handed-out". */
  handedOut(): Promise<InstructionRecord[]>;
  /** All instructions of a run. */
  ofRun(runId: bigint): Promise<InstructionRecord[]>;
  /** Instructions whose `dueAt` is not after `now`, the most urgent first. */
  due(now: number, limit: number): Promise<InstructionRecord[]>;
  update(messageId: string, progress: InstructionProgress): Promise<void>;
  /** Removes the instruction and its reply. Their objects are the caller's to release. */
  remove(messageId: string): Promise<void>;
}

/** The replies of a store, at most one to each instruction. */
export interface ReplyTable {
  /** Replies to those of the given instructions that have one. */
  to(instructionIds: readonly string[]): Promise<LinkMessage[]>;
  get(messageId: string): Promise<LinkMessage | undefined>;
  /** Adds the reply or replaces the one to the same instruction, which must be there. */
  put(reply: LinkMessage): Promise<void>;
}
