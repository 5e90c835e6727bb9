import type { ObjectId } from "../../entities/object.ts";
import type { StrayReplyRecord } from "../objects/stray_reply_table.ts";
import type { LeaseRecord, ServerRecord } from "../transactions/server_tables.ts";
import { LocalSignals } from "../transactions/signals.ts";
import type { TransactionKind } from "../transactions/transactions.ts";
import { earliestDue } from "./due.ts";
import { Journal } from "./journal.ts";
import type { StoreGauges } from "./gauges.ts";
import { ArtifactMap, MemoryArtifacts } from "./memory_artifacts.ts";
import { type GarbageMap, MemoryGarbage } from "./memory_garbage.ts";
import { JournalList, MemoryJournal } from "./memory_journal.ts";
import { memoryGauges } from "./memory_gauges.ts";
import { MemoryInstructions, MemoryReplies, MessageMap } from "./memory_messages.ts";
import { MemoryNodes, NodeMap } from "./memory_nodes.ts";
import { MemoryObjects, ObjectMap } from "./memory_objects.ts";
import { MemoryPieces, PieceMap } from "./memory_pieces.ts";
import { MemoryPushes, PushMap } from "./memory_pushes.ts";
import { LogMap, MemoryLogs } from "./memory_logs.ts";
import { MemoryNodeSettings } from "./memory_node_settings.ts";
import { MemoryFabs, MemoryRuns, RunMap } from "./memory_runs.ts";
import { MemoryApiTokens } from "./memory_api_tokens.ts";
import { MemorySettings } from "./memory_settings.ts";
import { MemoryLeases, MemoryServers } from "./memory_servers.ts";
import { MemorySignatures } from "./memory_signatures.ts";
import { MemorySigners } from "./memory_signers.ts";
import { MemoryStrayReplies } from "./memory_stray_replies.ts";
import { Serial } from "./serial.ts";
import type { LinkStore, LinkTables, StoreUsage } from "./store.ts";

/** A store in memory, which lasts as long as the process. Records are replaced, never changed. */
export class MemoryStore implements LinkStore {
  readonly #serial = new Serial();
  readonly isShared = false;
  readonly signals = new LocalSignals();
  readonly #tables = new Tables();
  readonly signers = new MemorySigners(this.#serial);
  readonly signatures = new MemorySignatures(this.#serial);
  readonly settings = new MemorySettings(this.#serial);
  readonly apiTokens = new MemoryApiTokens(this.#serial);

  transaction<T>(
    kind: TransactionKind,
    work: (tables: LinkTables) => Promise<T>,
    onCommit?: () => void,
  ): Promise<T> {
    return this.#serial.run(async () => {
      const journal = new Journal(kind === "read-only");
      let result: T;
      try {
        result = await work(openTransaction(this.#tables, journal));
      } catch (error) {
        journal.rollBack();
        throw error;
      }
      onCommit?.();
      return result;
    });
  }

  usage(): Promise<StoreUsage> {
    return Promise.resolve({
      nodes: this.#tables.nodes.byId.size,
      runs: this.#tables.runs.byId.size,
      instructions: this.#tables.messages.instructions.size,
      replies: this.#tables.messages.replies.size,
      objects: this.#tables.objects.byId.size,
      objectChildren: this.#tables.objects.parents.size,
      pushes: this.#tables.pushes.byId.size,
      pushObjects: this.#tables.pushes.objectsOf.size,
      announced: this.#tables.pushes.messages.size,
      logEntries: this.#tables.logs.size,
      fabs: this.#tables.fabs.size,
      nodeSettings: this.#tables.nodeSettings.size,
      artifacts: this.#tables.artifacts.byId.size,
      pieces: this.#tables.pieces.byHash.size,
      fabPieces: this.#tables.pieces.ofFab.size,
      strayReplies: this.#tables.strayReplies.size,
      garbage: this.#tables.garbage.size,
    });
  }

  gauges(): Promise<StoreGauges> {
    return Promise.resolve(memoryGauges(this.#tables));
  }

  /** Does nothing, because the platform's garbage collector frees memory. */
  reclaim(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async close(): Promise<void> {
    await this.#serial.close();
  }
}

class Tables {
  readonly nodes = new NodeMap();
  readonly runs = new RunMap();
  readonly logs = new LogMap();
  readonly fabs = new Map<string, Uint8Array>();
  readonly nodeSettings = new Map<bigint, Uint8Array>();
  readonly messages = new MessageMap();
  readonly objects = new ObjectMap();
  readonly pushes = new PushMap();
  readonly artifacts = new ArtifactMap();
  readonly pieces = new PieceMap();
  readonly strayReplies = new Map<ObjectId, StrayReplyRecord>();
  readonly garbage: GarbageMap = new Map();
  readonly servers = new Map<bigint, ServerRecord>();
  readonly leases = new Map<string, LeaseRecord>();
  readonly journal = new JournalList();
}

function openTransaction(tables: Tables, journal: Journal): LinkTables {
  return {
    nodes: new MemoryNodes(tables.nodes, journal),
    runs: new MemoryRuns(tables.runs, journal),
    logs: new MemoryLogs(tables.logs, journal),
    fabs: new MemoryFabs(tables.fabs, journal),
    nodeSettings: new MemoryNodeSettings(tables.nodeSettings, journal),
    instructions: new MemoryInstructions(tables.messages, journal),
    replies: new MemoryReplies(tables.messages, journal),
    objects: new MemoryObjects(tables.objects, journal, tables.garbage),
    pushes: new MemoryPushes(tables.pushes, journal),
    artifacts: new MemoryArtifacts(tables.artifacts, journal),
    pieces: new MemoryPieces(tables.pieces, journal),
    strayReplies: new MemoryStrayReplies(tables.strayReplies, journal),
    garbage: new MemoryGarbage(tables.garbage, journal),
    servers: new MemoryServers(tables.servers, journal),
    leases: new MemoryLeases(tables.leases, journal),
    journal: new MemoryJournal(tables.journal, journal),
    nextDue: () => {
      const earliest = Math.min(
        earliestDue(tables.nodes.byId.values()),
        earliestDue(tables.runs.byId.values()),
        tables.messages.nextDue(),
        earliestDue(tables.pushes.byId.values()),
        earliestDue(tables.pieces.byHash.values()),
        earliestDue(tables.strayReplies.values()),
      );
      return Promise.resolve(earliest === Infinity ? undefined : earliest);
    },
  };
}
