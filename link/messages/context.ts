import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Together } from "../transactions/together.ts";
import type { NodeRecord, NodeTable } from "../nodes/node_table.ts";
import type { ObjectLimits, ObjectTables } from "../objects/context.ts";
import type { LargeObjects } from "../objects/large_objects.ts";
import type { LinkObject } from "../../entities/object.ts";
import type { StrayReplyTable } from "../objects/stray_reply_table.ts";
import type { TreeCache } from "../objects/tree_cache.ts";
import type { RunLimits } from "../runs/context.ts";
import type { RunTable } from "../runs/run_table.ts";
import type { TrafficMeter } from "../runs/traffic.ts";
import type { LongPollContext } from "../transactions/long_poll.ts";
import type { ServerLease, ServerTransaction } from "../transactions/server_lease.ts";
import type { Effects, Transacts } from "../transactions/transactions.ts";
import type { MessageEvent } from "./events.ts";
import type { MessageDraft } from "../../entities/message.ts";
import type { InstructionTable, ReplyTable } from "./message_tables.ts";
import type { PushTable } from "./push_table.ts";
import type { PendingReplies } from "./pending_replies.ts";
import type { StagedBytes } from "./staged_bytes.ts";

/** State and services that operations on messages use. */
export interface MessageContext
  extends Transacts<MessageTransaction, MessageEvent>, LongPollContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: MessageLimits & ObjectLimits & RunLimits & LongPollContext["limits"];
  /** Encodes the object of a message that the SuperLink creates itself, which is always an error reply. */
  readonly messageObject: (message: MessageDraft) => LinkObject;
  /** This SuperLink among those that share the store. */
  readonly server: ServerLease;
  readonly traffic: TrafficMeter;
  readonly trees: TreeCache;
  /** Objects outside of the database; undefined if there is no object store. */
  readonly large: LargeObjects | undefined;
  readonly pendingReplies: PendingReplies;
  readonly staged: StagedBytes;
  /** Held pulls of many nodes look in one transaction. Undefined if the store is not shared: there, transactions cost little. */
  readonly workLooks: Together<bigint, WorkLook> | undefined;
}

/** What a pull finds before it takes an instruction. */
export interface WorkLook {
  /** The node; undefined if there is none with the id. */
  readonly node?: NodeRecord;
  /** Whether an instruction waits for it, which may have expired. */
  readonly isWaiting: boolean;
}

/** Tables that a transaction on messages reads and writes. */
export interface MessageTransaction extends ObjectTables, ServerTransaction {
  readonly nodes: NodeTable;
  readonly runs: RunTable;
  readonly instructions: InstructionTable;
  readonly replies: ReplyTable;
  readonly pushes: PushTable;
  readonly strayReplies: StrayReplyTable;
}

export type MessageEffects = Effects<MessageEvent>;

/** Limits of messages. Times are in seconds. */
export interface MessageLimits {
  /** Deliveries of one instruction, after which the SuperLink assumes that the instruction crashes the node. */
  readonly maxDeliveries: number;
  /** How long a reply or error reply can be pulled again after it was first pulled. */
  readonly replyGraceSeconds: number;
  /** Number of error replies to unknown instructions whose objects can be pulled; the oldest are removed. */
  readonly maxStrayReplies: number;
  /** Earliest `createdAt` of a message, as Unix time: 2024-03-27, as in Flower 1.9. */
  readonly earliestCreatedAt: number;
  /** How far in the future an instruction's `createdAt` may lie, because the sender's clock may be ahead. */
  readonly maxClockSkewSeconds: number;
  /** Largest ttl of an instruction. It bounds how long an abandoned instruction is stored. */
  readonly maxTtlSeconds: number;
  /** How much later than its instruction a reply may expire: tolerance for rounding, as in Flower 1.41. */
  readonly replyTtlToleranceSeconds: number;
  /** Largest length of a message type or group id, in UTF-16 code units. */
  readonly maxLabelLength: number;
  /** How long an open push waits for its next object (Flower 1.41). */
  readonly pushSessionSeconds: number;
  /** Largest number of open pushes of one caller for one run. */
  readonly maxOpenPushes: number;
  /** Largest number of bytes that the open pushes of one caller for one run may have stored. */
  readonly maxOpenPushBytes: number;
}

/** Default limits of messages. */
export const DEFAULT_MESSAGE_LIMITS: MessageLimits = {
  maxDeliveries: 5,
  replyGraceSeconds: 60,
  maxStrayReplies: 1000,
  earliestCreatedAt: 1_711_497_600,
  maxClockSkewSeconds: 300,
  maxTtlSeconds: 30 * 86_400,
  replyTtlToleranceSeconds: 0.1,
  maxLabelLength: 1024,
  pushSessionSeconds: 180,
  maxOpenPushes: 64,
  maxOpenPushBytes: 16 * 2 ** 30,
};
