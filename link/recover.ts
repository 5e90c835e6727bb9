import type { LinkContext, LinkTransaction } from "./context.ts";
import type { LinkEvent } from "./events.ts";
import { requeueInstruction } from "./messages/requeue.ts";
import { forgottenAt, putAbsent } from "./nodes/presence.ts";
import type { Effects } from "./transactions/transactions.ts";

/**
 * Restores the state that an earlier process left in the store. Call it before any other operation. The time during
 * which the SuperLink was down does not count towards any deadline, because nobody could reach it.
 */
export function recover(context: LinkContext): Promise<void> {
  return context.transact("durable", async (tx, effects) => {
    await giveTime(context, tx, effects);
    for (const instruction of await tx.instructions.handedOut()) {
      await requeueInstruction(context, tx, effects, instruction, "superlink-restarted");
    }
  });
}

async function giveTime(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects<LinkEvent>,
): Promise<void> {
  const { clock, limits } = context;
  const now = clock.now();
  for (const node of await tx.nodes.online()) {
    const onlineUntil = Math.max(node.onlineUntil, now + node.heartbeatInterval);
    await tx.nodes.put({ ...node, onlineUntil, dueAt: onlineUntil });
  }
  // The retention limits may have changed since these nodes went offline.
  for (const node of await tx.nodes.absent()) {
    if (forgottenAt(node, limits) !== node.dueAt) await putAbsent(context, tx, effects, node);
  }
  for (const run of await tx.runs.withDueTime()) {
    const seconds = run.state === "starting" ? limits.claimSeconds : limits.taskTimeoutSeconds;
    await tx.runs.put({ ...run, dueAt: Math.max(run.dueAt!, now + seconds) });
  }
  for (const run of await tx.runs.withoutDueTime()) {
    await tx.runs.put({ ...run, dueAt: now + limits.unheardRunSeconds });
  }
  for (const push of await tx.pushes.open()) {
    await tx.pushes.put({ ...push, dueAt: now + limits.pushSessionSeconds });
  }
}
