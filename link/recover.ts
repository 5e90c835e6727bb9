import type { LinkContext, LinkTransaction } from "./context.ts";
import type { LinkEvent } from "./events.ts";
import { endRunsOf } from "./ended_servers.ts";
import { requeueInstruction } from "./messages/requeue.ts";
import { forgottenAt, putAbsent } from "./nodes/presence.ts";
import type { Effects } from "./transactions/transactions.ts";

/**
 * Restores the state that earlier processes left in the store, unless another SuperLink on it is alive. Call it before
 * any other operation. The time during which no SuperLink was up does not count towards any deadline, because nobody
 * could reach one. A store that is not shared has no other SuperLink: the process before this one has lost the lock on
 * the file, which ends its lease.
 */
export function recover(context: LinkContext): Promise<void> {
  return context.transact("durable", async (tx, effects) => {
    const others = context.store.isShared ? await joinOthers(context, tx, effects) : NOBODY;
    if (others.areAlive) return;
    await giveTime(context, tx, effects);
    for (const instruction of await tx.instructions.handedOut()) {
      const { holder } = instruction;
      if (holder !== undefined && others.unsure.has(holder)) continue;
      await requeueInstruction(context, tx, effects, instruction, "superlink-restarted");
    }
  });
}

/** Other SuperLinks on the store. */
interface Others {
  /** Whether at least one is alive. It has kept the deadlines, and holds what it handed out: nothing is to be restored. */
  readonly areAlive: boolean;
  /** Those that may come back; see ServerLease.ended. The housekeeper takes back what they had if they do not. */
  readonly unsure: ReadonlySet<bigint>;
}

const NOBODY: Others = { areAlive: false, unsure: new Set() };

/** Takes a lease in a shared store, and takes back the runs of SuperLinks that have ended if no other one is alive. */
async function joinOthers(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects<LinkEvent>,
): Promise<Others> {
  const { clock, server } = context;
  const others = await tx.servers.all();
  await server.extend(tx, effects);
  const areAlive = others.some(({ leaseUntil }) => leaseUntil > clock.now());
  const unsure = new Set(others.map(({ serverId }) => serverId));
  for (const { serverId } of areAlive ? [] : await server.ended(tx)) {
    await endRunsOf(context, tx, effects, serverId);
    await tx.servers.remove(serverId);
    unsure.delete(serverId);
  }
  return { areAlive, unsure };
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
