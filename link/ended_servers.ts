import type { LinkContext, LinkTransaction } from "./context.ts";
import type { LinkEvent } from "./events.ts";
import { requeueInstruction } from "./messages/requeue.ts";
import { canContinue, interrupt } from "./runs/interrupt.ts";
import type { ServerRecord } from "./transactions/server_tables.ts";
import type { Effects } from "./transactions/transactions.ts";

/**
 * Takes back what a SuperLink had that has ended: its nodes may not have received what it handed out, and the
 * ServerApps that it ran have ended with it. As much as one transaction may; the rest stays for the next one.
 *
 * One whose lease lasts may only have lost its connections for some seconds. If one of its runs could not continue, it
 * gets the rest of its lease to come back.
 */
export async function handleEndedServer(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects<LinkEvent>,
  { serverId, leaseUntil }: ServerRecord,
): Promise<void> {
  const { housekeepingBatch } = context.limits;
  const shownBy = leaseUntil > context.clock.now() ? "session" : "lease";
  if (shownBy === "session") {
    for (const run of await tx.runs.runBy(serverId)) {
      if (!await canContinue(context, tx, run)) return;
    }
  }
  const handed = await tx.instructions.handedOut(serverId);
  for (const instruction of handed.slice(0, housekeepingBatch)) {
    await requeueInstruction(context, tx, effects, instruction, "superlink-ended");
  }
  if (handed.length > housekeepingBatch) return effects.due(context.clock.now());
  await endRunsOf(context, tx, effects, serverId);
  await tx.servers.remove(serverId);
  effects.emit({ kind: "superlink-ended", serverId, shownBy });
}

/** Interrupts the runs whose ServerApps a SuperLink ran that has ended. */
export async function endRunsOf(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects<LinkEvent>,
  serverId: bigint,
): Promise<void> {
  for (const run of await tx.runs.runBy(serverId)) {
    await interrupt(context, tx, effects, run, "The SuperLink that ran the ServerApp has ended");
  }
}
