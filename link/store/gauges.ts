import type { MessageKind } from "../../entities/message_kind.ts";
import type { NodeState } from "../../entities/node.ts";
import type { RunState } from "../../entities/run.ts";
import type { InstructionState } from "../messages/instruction_state.ts";

/** Instructions of one kind and state. */
export interface InstructionCount {
  readonly state: Extract<InstructionState, "waiting" | "handed-out">;
  readonly kind: MessageKind;
  readonly count: number;
}

/** Amounts in a store at one moment, for metrics. */
export interface StoreGauges {
  /** Number of nodes by state. States without nodes may be missing. */
  readonly nodes: Readonly<Partial<Record<NodeState, number>>>;
  /** Number of unfinished runs by state. States without runs may be missing. */
  readonly runs: Readonly<Partial<Record<RunState, number>>>;
  /** Unanswered instructions. */
  readonly instructions: readonly InstructionCount[];
  /** Unix time in seconds at which the oldest waiting instruction was pushed. */
  readonly oldestWaiting?: number;
  /** Unix time in seconds since which the oldest pending run is pending. */
  readonly oldestPending?: number;
  readonly objects: number;
  /** Size of the database in bytes, with free space inside. Undefined for a store in memory. */
  readonly bytes?: number;
  /** Free bytes of the disk with the database. Undefined if it is on a server, or not known. */
  readonly freeBytes?: number;
}
