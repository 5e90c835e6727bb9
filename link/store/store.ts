import type { JournalTable } from "../journal/journal_table.ts";
import type { ApiTokenTable } from "./api_token_table.ts";
import type { ArtifactTable } from "../artifacts/artifact_table.ts";
import type { InstructionTable, ReplyTable } from "../messages/message_tables.ts";
import type { PushTable } from "../messages/push_table.ts";
import type { NodeTable } from "../nodes/node_table.ts";
import type { ObjectTable } from "../objects/object_table.ts";
import type { GarbageTable } from "../objects/garbage_table.ts";
import type { StrayReplyTable } from "../objects/stray_reply_table.ts";
import type { PieceTable } from "../runs/piece_table.ts";
import type { NodeSettingsTable } from "../runs/node_settings_table.ts";
import type { FabTable, LogTable, RunTable } from "../runs/run_table.ts";
import type { Sessions } from "../transactions/sessions.ts";
import type { StoreGauges } from "./gauges.ts";
import type { LeaseTable, ServerTable } from "../transactions/server_tables.ts";
import type { TransactionStore } from "../transactions/transactions.ts";

/** Number of rows in each table of a store, except for the journal, which keeps what is gone elsewhere. */
export interface StoreUsage {
  readonly nodes: number;
  readonly runs: number;
  readonly instructions: number;
  readonly replies: number;
  readonly objects: number;
  /** References of stored objects to their children. */
  readonly objectChildren: number;
  readonly pushes: number;
  /** Objects that pushes announced. */
  readonly pushObjects: number;
  /** Announced messages that wait for objects. */
  readonly announced: number;
  readonly logEntries: number;
  readonly fabs: number;
  /** Runs with settings of simulated nodes. */
  readonly nodeSettings: number;
  readonly artifacts: number;
  /** Pieces of attachments. */
  readonly pieces: number;
  /** References of FABs to pieces. */
  readonly fabPieces: number;
  /** Objects of error replies to unknown instructions. */
  readonly strayReplies: number;
  /** Locations in the object store whose bytes are to be removed. */
  readonly garbage: number;
}

/** Tables that a transaction reads and writes. A read sees earlier writes of the same transaction. */
export interface LinkTables {
  readonly nodes: NodeTable;
  readonly runs: RunTable;
  readonly logs: LogTable;
  readonly fabs: FabTable;
  readonly nodeSettings: NodeSettingsTable;
  readonly instructions: InstructionTable;
  readonly replies: ReplyTable;
  readonly objects: ObjectTable;
  readonly pushes: PushTable;
  readonly artifacts: ArtifactTable;
  readonly pieces: PieceTable;
  readonly strayReplies: StrayReplyTable;
  readonly garbage: GarbageTable;
  readonly servers: ServerTable;
  readonly leases: LeaseTable;
  readonly journal: JournalTable;
  /** The earliest `dueAt` of all records, except for servers, leases and garbage. */
  nextDue(): Promise<number | undefined>;
}

/** Table of the replay guard: the Unix time up to which each peer has signed. The domain does not use it. */
export interface SignerTable {
  /** The recorded times, by peer. */
  read(): Promise<ReadonlyMap<string, number>>;
  /**
   * Replaces the recorded times of peers, and removes records before `forgetBefore`. Calls take effect in their order.
   * Each
   * resolves when the change survives a crash of the process.
   */
  note(until: ReadonlyMap<string, number>, forgetBefore: number): Promise<void>;
}

/** A signature that a peer has used. */
export interface SignatureRecord {
  readonly peer: string;
  /** Identifies the signature among those of the peer. */
  readonly nonce: string;
  /** Unix time in seconds from which the signature is not valid, so that it need not be stored. */
  readonly until: number;
}

/**
 * Table of used signatures, for SuperLinks that share a store: a signature that one of them accepted must not be
 * accepted by another. The domain does not use it. A store that one process has for itself needs only
 * {@link SignerTable}, which costs fewer writes.
 */
export interface SignatureTable {
  /**
   * Records signatures. They survive the end of the process, but need not survive a failure of the database's machine:
   * after one, the last of them may be accepted again, by another process and while they are valid. If the restart takes
   * longer than that, none is.
   *
   * @returns for each signature, whether it was not recorded before
   */
  add(signatures: readonly SignatureRecord[]): Promise<boolean[]>;
  /** Removes the records with `until` ≤ `now`. */
  removeExpired(now: number): Promise<void>;
}

/** Table of settings that commands change while the SuperLink runs. The domain does not use it. */
export interface SettingTable {
  /** The text of a setting; undefined if it was never written. */
  read(name: string): Promise<string | undefined>;
  /** The text of a setting. A setting that does not exist is written. SuperLinks that share a store all get the same. */
  readOrWrite(name: string, text: string): Promise<string>;
  /** Replaces the text of a setting. Resolves when the change survives a crash of the process. */
  write(name: string, text: string): Promise<void>;
}

/** Step of a transaction at which tests simulate a crash: what is stored may differ before and after it. */
export type TransactionStep = "begin" | "write" | "commit" | "committed";

/** Store of the SuperLink's state. */
export interface LinkStore extends TransactionStore<LinkTables> {
  /** Ledger of the replay guard, which is not part of the domain. Each of its writes is a separate transaction. */
  readonly signers: SignerTable;
  /** Used signatures, which are not part of the domain. */
  readonly signatures: SignatureTable;
  /** Settings, which are not part of the domain. Each write is a separate transaction. */
  readonly settings: SettingTable;
  /** API tokens, which are not part of the domain. */
  readonly apiTokens: ApiTokenTable;
  /** Sessions of the SuperLinks at the database's server; undefined if it does not tell them apart. */
  readonly sessions?: Sessions;
  usage(): Promise<StoreUsage>;
  /** Amounts for metrics, read with one statement whose cost grows with the number of records. */
  gauges(): Promise<StoreGauges>;
  /**
   * Resolves when the database's server answers. It waits for no transaction. Undefined for a store in this process.
   *
   * @throws unavailable if the server cannot be reached
   */
  readonly ping?: () => Promise<void>;
  /**
   * Returns some of the space of removed records to the system, in a step so small that no transaction waits
   * noticeably.
   *
   * @returns whether there is more to return
   */
  reclaim(): Promise<boolean>;
  /** Waits for the running transaction and closes. Later transactions reject with "unavailable". */
  close(): Promise<void>;
}

/**
 * A store that passes everything on to another one, except for its own members. A class cannot be copied with `...`,
 * because its methods are not properties of the object.
 */
export function wrapStore(store: LinkStore, own: Partial<LinkStore>): LinkStore {
  const { isShared, signals, signers, signatures, settings, apiTokens, sessions } = store;
  return {
    ...{ isShared, signals, signers, signatures, settings, apiTokens },
    ...(sessions !== undefined && { sessions }),
    ...(store.ping !== undefined && { ping: store.ping.bind(store) }),
    transaction: (kind, work, onCommit) => store.transaction(kind, work, onCommit),
    usage: () => store.usage(),
    gauges: () => store.gauges(),
    reclaim: () => store.reclaim(),
    close: () => store.close(),
    ...own,
  };
}
