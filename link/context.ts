import type { ArtifactContext } from "./artifacts/context.ts";
import { dropUnfinishedArtifacts, removeArtifacts } from "./artifacts/pieces.ts";
import type { LinkEvent } from "./events.ts";
import type { LinkLimits } from "./limits.ts";
import type { MessageContext } from "./messages/context.ts";
import { endMessagesOfRun, messagesOfNodes, removeMessagesOfRun } from "./messages/dependents.ts";
import { mayHave, wasGiven } from "./messages/object_rights.ts";
import type { NodeContext, NodeTransaction } from "./nodes/context.ts";
import type { ObjectContext, ObjectTransaction } from "./objects/context.ts";
import type { RunContext, RunTransaction } from "./runs/context.ts";
import type { LinkStore, LinkTables } from "./store/store.ts";
import type { StoreTrouble } from "./transactions/store_trouble.ts";
import type { Effects, Transacts } from "./transactions/transactions.ts";

/** What the operations of all nouns work with. */
export type LinkContext =
  & Transacts<LinkTransaction, LinkEvent>
  & Omit<
    NodeContext & RunContext & MessageContext & ObjectContext & ArtifactContext,
    "limits" | "transact"
  >
  & {
    readonly store: LinkStore;
    readonly limits: LinkLimits;
    readonly trouble: StoreTrouble;
    readonly onEvent: (event: LinkEvent) => void;
  };

/** What one attempt of a transaction reads and writes. */
export type LinkTransaction =
  & LinkTables
  & Pick<NodeTransaction, "nodeDependents">
  & Pick<RunTransaction, "runDependents">
  & Pick<ObjectTransaction, "objectRights">;

/** Lets the nouns take part in each other's transactions. A noun that others depend on does not know them. */
export function openTransaction(
  context: LinkContext,
  tables: LinkTables,
  effects: Effects<LinkEvent>,
): LinkTransaction {
  return {
    ...tables,
    nodeDependents: messagesOfNodes(context, tables, effects),
    runDependents: {
      isBusy: async (runId) => (await tables.instructions.ofRun(runId)).length > 0,
      async ended(runId) {
        await endMessagesOfRun(context, tables, effects, runId);
        return await dropUnfinishedArtifacts(tables, runId);
      },
      removeArtifacts: (runId) => removeArtifacts(tables, runId),
      async removed(runId) {
        await removeMessagesOfRun(tables, runId);
        await removeArtifacts(tables, runId);
      },
    },
    objectRights: {
      wasGiven: (caller, messageId) => wasGiven(tables, caller, messageId),
      mayHave: (caller, id) => mayHave(context, tables, caller, id),
    },
  };
}
