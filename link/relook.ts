import type { LinkContext } from "./context.ts";

/**
 * Wakes held calls every limits.relookSeconds until the domain closes, if the store is shared: wake-ups of other
 * SuperLinks can be lost. Of thousands of held pulls, only those are woken whose node has an instruction, which one
 * query tells; a failed one is made again the next time. Other calls are few, and look themselves.
 */
export async function relookUntilClosed(context: LinkContext): Promise<void> {
  const { clock, closing, limits, store, transact, wakes } = context;
  if (!store.isShared) return;
  for (;;) {
    await clock.sleep(limits.relookSeconds, closing);
    if (closing.aborted) return;
    const nodeIds: bigint[] = [];
    for (const topic of wakes.topics()) {
      const [kind, id] = topic.split(":");
      if (kind === "work") nodeIds.push(BigInt(id!));
      else wakes.wake(topic);
    }
    if (nodeIds.length === 0) continue;
    const waiting = await transact("relaxed", (tx) => tx.instructions.waitingFor(nodeIds))
      .catch(() => []);
    for (const nodeId of waiting) wakes.wake(`work:${nodeId}`);
  }
}
