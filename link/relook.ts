import type { LinkContext } from "./context.ts";

/**
 * Wakes held calls that may have missed a wake-up of another SuperLink. Of thousands of held pulls, only those are woken
 * whose node has an instruction, which one query tells. Other calls are few, and look themselves. If the store fails,
 * the next time comes soon.
 */
export async function relook({ transact, wakes }: LinkContext): Promise<void> {
  const nodeIds: bigint[] = [];
  for (const topic of wakes.topics()) {
    const [kind, id] = topic.split(":");
    if (kind === "work") nodeIds.push(BigInt(id!));
    else wakes.wake(topic);
  }
  if (nodeIds.length === 0) return;
  const waiting = await transact("read-only", (tx) => tx.instructions.waitingFor(nodeIds))
    .catch(() => []);
  for (const nodeId of waiting) wakes.wake(`work:${nodeId}`);
}

/** Looks every limits.relookSeconds until the domain closes, if the store is shared. */
export async function relookUntilClosed(context: LinkContext): Promise<void> {
  const { clock, closing, limits, store } = context;
  if (!store.isShared) return;
  for (;;) {
    await clock.sleep(limits.relookSeconds, closing);
    if (closing.aborted) return;
    await relook(context);
  }
}
