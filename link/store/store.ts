import type { ArtifactTable } from "../artifacts/artifact_table.ts";
import type { InstructionTable, ReplyTable } from "../messages/message_tables.ts";
import type { PushTable } from "../messages/push_table.ts";
import type { NodeTable } from "../nodes/node_table.ts";
import type { ObjectTable } from "../objects/object_table.ts";
import type { PieceTable } from "../runs/piece_table.ts";
import type { FabTable, LogTable, RunTable } from "../runs/run_table.ts";
import type { TransactionStore } from "../transactions/transactions.ts";

/** How many rows each table of a store has. */
export interface StoreUsage {
  readonly nodes: number;
  readonly runs: number;
  readonly instructions: number;
  readonly replies: number;
  readonly objects: number;
  /** How often an object that is there has another as a child. */
  readonly objectChildren: number;
  readonly pushes: number;
  /** Objects that pushes announced. */
  readonly pushObjects: number;
  /** Messages that pushes announced and that wait for objects. */
  readonly announced: number;
  readonly logEntries: number;
  readonly fabs: number;
  readonly artifacts: number;
  /** Pieces of attachments. */
  readonly pieces: number;
  /** How often a bundle needs a piece. */
  readonly fabPieces: number;
}

/** The tables that one transaction can read and write. A read sees the writes before it. */
export interface LinkTables {
  readonly nodes: NodeTable;
  readonly runs: RunTable;
  readonly logs: LogTable;
  readonly fabs: FabTable;
  readonly instructions: InstructionTable;
  readonly replies: ReplyTable;
  readonly objects: ObjectTable;
  readonly pushes: PushTable;
  readonly artifacts: ArtifactTable;
  readonly pieces: PieceTable;
  /** The earliest `dueAt` of anything. */
  nextDue(): Promise<number | undefined>;
}

/** Up to which Unix time peers have signed: the notes of the replay guard, of which the domain knows nothing else. */
export interface SignerTable {
  /** The times that were noted, by peer. */
  read(): Promise<ReadonlyMap<string, number>>;
  /**
   * Replaces times, and forgets those before `forgetBefore`. Calls take effect in their order; each resolves when its
   * times survive the death of the process.
   */
  note(until: ReadonlyMap<string, number>, forgetBefore: number): Promise<void>;
}

/** Where the SuperLink's domain keeps its state. */
export interface LinkStore extends TransactionStore<LinkTables> {
  /** For the replay guard, which is no part of the domain: its notes are transactions of their own. */
  readonly signers: SignerTable;
  usage(): Promise<StoreUsage>;
  /**
   * Gives a little of the space that removed records left back to the system, where there is much of it: so little that
   * no transaction waits noticeably.
   *
   * @returns whether there is more to give back
   */
  reclaim(): Promise<boolean>;
  /** Waits for the transaction under way and closes. A transaction after that rejects with "unavailable". */
  close(): Promise<void>;
}
