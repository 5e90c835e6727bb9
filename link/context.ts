import type { ArtifactContext } from "./artifacts/context.ts";
import {
  checkpointsOf,
  dropUnfinishedArtifacts,
  hasModel,
  removeArtifacts,
} from "./artifacts/pieces.ts";
import type { LinkEvent } from "./events.ts";
import type { JournalContext } from "./journal/context.ts";
import type { LinkLimits } from "./limits.ts";
import type { MessageContext } from "./messages/context.ts";
import { endMessagesOfRun, messagesOfNodes, removeMessagesOfRun } from "./messages/dependents.ts";
import { hasReceived, mayRead } from "./messages/object_rights.ts";
import type { NodeContext, NodeDependents, NodeTransaction } from "./nodes/context.ts";
import type { ObjectContext, ObjectRights, ObjectTransaction } from "./objects/context.ts";
import type { RunContext, RunDependents, RunTransaction } from "./runs/context.ts";
import type { LinkStore, LinkTables } from "./store/store.ts";
import type { Leadership } from "./transactions/leadership.ts";
import type { StoreTrouble } from "./transactions/store_trouble.ts";
import type { Effects, Transacts } from "./transactions/transactions.ts";

/** State and services of the domain, shared by the operations of nodes, runs, messages, objects and artifacts. */
export type LinkContext =
  & Transacts<LinkTransaction, LinkEvent>
  & Omit<
    NodeContext & RunContext & MessageContext & ObjectContext & ArtifactContext & JournalContext,
    "limits" | "transact"
  >
  & {
    readonly store: LinkStore;
    readonly limits: LinkLimits;
    readonly trouble: StoreTrouble;
    /** Which SuperLink does the housekeeping; undefined if the store is not shared. */
    readonly housekeeping: Leadership | undefined;
    readonly onEvent: (event: LinkEvent) => void;
  };

/** Tables and dependents that one attempt of a transaction uses. */
export type LinkTransaction =
  & LinkTables
  & Pick<NodeTransaction, "nodeDependents">
  & Pick<RunTransaction, "runDependents">
  & Pick<ObjectTransaction, "objectRights">;

/**
 * The tables, with dependents and rights. They let one room act in a transaction of another without importing it. For
 * example, nodes know nothing about messages. They are created on first use, because most transactions need none.
 */
class Transaction implements LinkTransaction {
  readonly nodes;
  readonly runs;
  readonly logs;
  readonly fabs;
  readonly nodeSettings;
  readonly pieces;
  readonly instructions;
  readonly replies;
  readonly pushes;
  readonly objects;
  readonly artifacts;
  readonly strayReplies;
  readonly garbage;
  readonly servers;
  readonly leases;
  readonly journal;
  readonly #context: LinkContext;
  readonly #tables: LinkTables;
  readonly #effects: Effects<LinkEvent>;

  constructor(context: LinkContext, tables: LinkTables, effects: Effects<LinkEvent>) {
    this.nodes = tables.nodes;
    this.runs = tables.runs;
    this.logs = tables.logs;
    this.fabs = tables.fabs;
    this.nodeSettings = tables.nodeSettings;
    this.pieces = tables.pieces;
    this.instructions = tables.instructions;
    this.replies = tables.replies;
    this.pushes = tables.pushes;
    this.objects = tables.objects;
    this.artifacts = tables.artifacts;
    this.strayReplies = tables.strayReplies;
    this.garbage = tables.garbage;
    this.servers = tables.servers;
    this.leases = tables.leases;
    this.journal = tables.journal;
    this.#context = context;
    this.#tables = tables;
    this.#effects = effects;
  }

  nextDue(): Promise<number | undefined> {
    return this.#tables.nextDue();
  }

  get nodeDependents(): NodeDependents {
    return messagesOfNodes(this.#context, this.#tables, this.#effects);
  }

  get runDependents(): RunDependents {
    return partsOfRuns(this.#context, this.#tables, this.#effects);
  }

  get objectRights(): ObjectRights {
    return rightsByMessages(this.#context, this.#tables);
  }
}

/** Creates the transaction object for one attempt. */
export function openTransaction(
  context: LinkContext,
  tables: LinkTables,
  effects: Effects<LinkEvent>,
): LinkTransaction {
  return new Transaction(context, tables, effects);
}

function partsOfRuns(
  context: LinkContext,
  tables: LinkTables,
  effects: Effects<LinkEvent>,
): RunDependents {
  return {
    isBusy: async (runId) => (await tables.instructions.ofRun(runId)).length > 0,
    async ended(runId) {
      await endMessagesOfRun(context, tables, effects, runId);
      return await dropUnfinishedArtifacts(tables, runId);
    },
    async saved(runId) {
      const all = await tables.artifacts.ofRun(runId);
      const checkpoints = await checkpointsOf(tables, runId);
      return {
        checkpoints: checkpoints.some(hasModel),
        releases: !checkpoints.every(hasModel),
        artifacts: all.some(({ kind }) => kind === "artifact"),
      };
    },
    removeArtifacts: (runId) => removeArtifacts(tables, runId),
    async removeJournal(runId) {
      const batch = context.limits.journalBatch;
      return await tables.journal.removeRun(runId, batch) === batch;
    },
    async removed(runId) {
      await removeMessagesOfRun(tables, runId);
      await removeArtifacts(tables, runId);
    },
  };
}

function rightsByMessages(context: LinkContext, tables: LinkTables): ObjectRights {
  return {
    hasReceived: (caller, messageId) => hasReceived(tables, caller, messageId),
    mayRead: (caller, id) => mayRead(context, tables, caller, id),
  };
}
