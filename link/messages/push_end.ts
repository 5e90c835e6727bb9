import type { ObjectId } from "../../entities/object.ts";
import { removeUnneeded } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { nextPushState } from "./push_state.ts";
import type { PushRecord } from "./push_table.ts";
import { reportRefusal } from "./refuse_reply.ts";
import { requeueInstruction } from "./requeue.ts";

/**
 * Settles pushes that have no waiting message left. The transaction is durable and makes all earlier ones durable too:
 * the response to the last object of a push confirms that the push is on the disk.
 */
export async function settlePushes(
  context: MessageContext,
  sessionIds: readonly string[],
): Promise<void> {
  if (sessionIds.length === 0) return;
  await context.transact("durable", async (tx, effects) => {
    for (const sessionId of sessionIds) {
      context.staged.forget(effects, sessionId);
      const push = await tx.pushes.get(sessionId);
      const state = push && nextPushState(push.state, "settle");
      // Another call may have settled the push, or announced another message under it, in the meantime.
      if (state === undefined || await tx.pushes.hasMessages(sessionId)) continue;
      await tx.pushes.put({ ...push!, state });
      await releaseObjects(tx, await tx.pushes.objectsOf(sessionId));
    }
  });
}

/** Makes pushes due at once: their missing objects are no longer expected. The housekeeper removes them. */
export async function endPushes(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  pushes: readonly PushRecord[],
): Promise<void> {
  const dueAt = context.clock.now();
  for (const push of pushes) await tx.pushes.put({ ...push, dueAt });
  if (pushes.length > 0) effects.due(dueAt);
}

/** Removes a push whose time has passed, with the messages that still wait for objects. */
export async function handleDuePush(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  push: PushRecord,
): Promise<void> {
  const { sessionId, nodeId, runId } = push;
  const announced = await tx.pushes.messagesOf(sessionId);
  const objects = await tx.pushes.objectsOf(sessionId);
  await tx.pushes.remove(sessionId);
  if (push.state === "open") await releaseObjects(tx, objects);
  context.staged.forget(effects, sessionId);
  for (const { message } of announced) {
    reportRefusal(
      effects,
      message,
      {
        code: "objects-late",
        reason: `Objects of message "${message.messageId}" did not arrive in time`,
      },
    );
    // The node may have crashed during the push or abandoned it, so it gets the instruction again.
    const [instruction] = await tx.instructions.get([message.replyToMessageId]);
    if (instruction?.state === "handed-out") {
      await requeueInstruction(context, tx, effects, instruction, "push-expired");
    }
  }
  if (announced.length > 0) {
    effects.emit({ kind: "push-expired", nodeId, runId, messages: announced.length });
  }
}

/** Removes the unreferenced objects among those that a push announced. The push is no longer open. */
async function releaseObjects(tx: MessageTransaction, ids: readonly ObjectId[]): Promise<void> {
  const standings = await tx.objects.standings(ids);
  await removeUnneeded(tx, ids.filter((id) => standings.get(id)?.references === 0));
}
