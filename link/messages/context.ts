import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Joins } from "../nodes/joins.ts";
import type { NodeTable } from "../nodes/node_table.ts";
import type { ObjectLimits, ObjectTables } from "../objects/context.ts";
import type { LinkObject } from "../../entities/object.ts";
import type { LooseReplies } from "../objects/pulls.ts";
import type { TreeCache } from "../objects/tree_cache.ts";
import type { RunLimits } from "../runs/context.ts";
import type { RunOutcomes } from "../runs/outcomes.ts";
import type { RunTable } from "../runs/run_table.ts";
import type { TrafficMeter } from "../runs/traffic.ts";
import type { Holds } from "../transactions/hold.ts";
import type { Effects, Transacts } from "../transactions/transactions.ts";
import type { MessageEvent } from "./events.ts";
import type { MessageDraft } from "../../entities/message.ts";
import type { InstructionTable, ReplyTable } from "./message_tables.ts";
import type { PushTable } from "./push_table.ts";
import type { QuietInstructions } from "./quiet.ts";
import type { StagedBytes } from "./staged_bytes.ts";

/** What operations on messages work with. */
export interface MessageContext extends Transacts<MessageTransaction, MessageEvent>, Holds {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: MessageLimits & ObjectLimits & RunLimits & Holds["limits"];
  /** Makes the object of a message that the SuperLink writes itself: an error in the place of a reply. */
  readonly messageObject: (message: MessageDraft) => LinkObject;
  readonly joins: Joins;
  readonly outcomes: RunOutcomes;
  readonly traffic: TrafficMeter;
  readonly trees: TreeCache;
  readonly loose: LooseReplies;
  readonly quiet: QuietInstructions;
  readonly staged: StagedBytes;
}

/** What a transaction on messages reads and writes. */
export interface MessageTransaction extends ObjectTables {
  readonly nodes: NodeTable;
  readonly runs: RunTable;
  readonly instructions: InstructionTable;
  readonly replies: ReplyTable;
  readonly pushes: PushTable;
}

export type MessageEffects = Effects<MessageEvent>;

/** What bounds messages. Times are in seconds. */
export interface MessageLimits {
  /** How often one instruction is handed out before it counts as killing its node. */
  readonly maxDeliveries: number;
  /** How long a reply, or an error in its place, can be asked for again after it was first given. */
  readonly replyGraceSeconds: number;
  /** No message is older than this Unix time: 2024-03-27, the bound of Flower 1.9. */
  readonly earliestCreatedAt: number;
  /** How far in the future an instruction's creation may lie: the sender's clock may be ahead. */
  readonly maxClockSkewSeconds: number;
  /** The longest validity of an instruction, and so the longest that an abandoned one is kept. */
  readonly maxTtlSeconds: number;
  /** How much later than its instruction a reply may expire: floating-point slack, as in Flower 1.41. */
  readonly replyTtlToleranceSeconds: number;
  /** The longest message type and group id, in UTF-16 code units. */
  readonly maxLabelLength: number;
  /** How long a push waits for its next object (Flower 1.41). */
  readonly pushSessionSeconds: number;
  /** How many pushes of one caller, for one run, may wait for objects at the same time. */
  readonly maxOpenPushes: number;
  /** How much the pushes of one caller, for one run, that wait for more may have brought, in bytes. */
  readonly maxOpenPushBytes: number;
}

/** What bounds messages when nothing else is said. */
export const DEFAULT_MESSAGE_LIMITS: MessageLimits = {
  maxDeliveries: 5,
  replyGraceSeconds: 60,
  earliestCreatedAt: 1_711_497_600,
  maxClockSkewSeconds: 300,
  maxTtlSeconds: 30 * 86_400,
  replyTtlToleranceSeconds: 0.1,
  maxLabelLength: 1024,
  pushSessionSeconds: 180,
  maxOpenPushes: 64,
  maxOpenPushBytes: 16 * 2 ** 30,
};
