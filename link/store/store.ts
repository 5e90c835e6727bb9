import type { InstructionState } from "../instruction_state.ts";
import type { LinkNode, LinkRun } from "../link.ts";
import type { LinkMessage, LinkObject, ObjectId } from "../message.ts";
import type { NodeState } from "../node_state.ts";
import type { RunState } from "../run_state.ts";

/** A node as it is kept. */
export interface NodeRecord extends LinkNode {
  readonly state: NodeState;
  /** Seconds, as last asked for by the node. */
  readonly heartbeatInterval: number;
  /** Unix time in seconds at which the housekeeper has to look at the node; undefined for never. */
  readonly dueAt?: number;
}

/** A run as it is kept. */
export interface RunRecord extends LinkRun {
  readonly state: RunState;
}

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

/** An instruction as it is kept. Its reply is kept beside it, see {@link LinkTransaction.replies}. */
export interface InstructionRecord extends InstructionProgress {
  readonly message: LinkMessage;
}

/** How much a store holds. */
export interface StoreUsage {
  readonly nodes: number;
  readonly runs: number;
  readonly instructions: number;
  readonly replies: number;
  readonly objects: number;
}

/**
 * What one transaction can read and write. A read sees the writes before it. Lists of instructions come in the
 * order in which they were added.
 */
export interface LinkTransaction {
  node(nodeId: bigint): Promise<NodeRecord | undefined>;
  nodeByKey(publicKey: Uint8Array): Promise<NodeRecord | undefined>;
  /** All nodes in state "online", whether or not their time has passed. */
  onlineNodes(): Promise<NodeRecord[]>;
  /** Nodes whose `dueAt` is not after `now`, the most urgent first. */
  dueNodes(now: number, limit: number): Promise<NodeRecord[]>;
  /** Adds the node or replaces the one with its id. */
  putNode(node: NodeRecord): Promise<void>;
  removeNode(nodeId: bigint): Promise<void>;

  run(runId: bigint): Promise<RunRecord | undefined>;
  /** Adds the run or replaces the one with its id. */
  putRun(run: RunRecord): Promise<void>;

  addInstruction(instruction: InstructionRecord): Promise<void>;
  /** Those of the given ids that are there. */
  instructions(messageIds: readonly string[]): Promise<InstructionRecord[]>;
  /** The node's instructions in state "waiting" or "handed-out". */
  openInstructions(nodeId: bigint): Promise<InstructionRecord[]>;
  /** The node's first instruction in state "waiting" handed out fewer than `maxDeliveries` times and valid after `now`. */
  nextWaiting(
    nodeId: bigint,
    now: number,
    maxDeliveries: number,
  ): Promise<InstructionRecord | undefined>;
  /** All instructions in state "handed-out". */
  handedOut(): Promise<InstructionRecord[]>;
  /** Instructions whose `dueAt` is not after `now`, the most urgent first. */
  dueInstructions(now: number, limit: number): Promise<InstructionRecord[]>;
  updateInstruction(messageId: string, progress: InstructionProgress): Promise<void>;
  /** Removes the instruction and its reply. Their content is the caller's to release. */
  removeInstruction(messageId: string): Promise<void>;

  /** Replies to those of the given instructions that have one. */
  replies(instructionIds: readonly string[]): Promise<LinkMessage[]>;
  /** Adds the reply or replaces the one to the same instruction, which must be there. */
  putReply(reply: LinkMessage): Promise<void>;

  hasObject(id: ObjectId): Promise<boolean>;
  object(id: ObjectId): Promise<LinkObject | undefined>;
  /** The children of an object that is there, without reading its bytes. */
  childrenOf(id: ObjectId): Promise<readonly ObjectId[]>;
  /** Adds an object that is not there yet, with no reference to it. */
  addObject(object: LinkObject): Promise<void>;
  /** Changes how often an object that is there is referred to. @returns how often it now is */
  addReferences(id: ObjectId, delta: 1 | -1): Promise<number>;
  removeObject(id: ObjectId): Promise<void>;

  /** The earliest `dueAt` of any node or instruction. */
  nextDue(): Promise<number | undefined>;
}

/**
 * What a transaction survives once it is done: "durable" also the loss of power, "relaxed" at least the death of
 * the process. What is relaxed may be lost only together with everything after it.
 */
export type Durability = "durable" | "relaxed";

/** Where the SuperLink's domain keeps its state. */
export interface LinkStore {
  /**
   * Runs `work` as one transaction: alone, and all or nothing. When `work` rejects, nothing has happened.
   * `work` must await nothing but the transaction's own methods.
   */
  transaction<T>(durability: Durability, work: (tx: LinkTransaction) => Promise<T>): Promise<T>;
  usage(): Promise<StoreUsage>;
  /** Waits for the transaction under way and closes. A transaction after that rejects with "unavailable". */
  close(): Promise<void>;
}
