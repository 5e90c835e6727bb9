import { type LinkContext, transact } from "./context.ts";
import { requeue } from "./requeue.ts";

/** Takes up what an earlier process left in the store; call it before anything else. */
export function recover(context: LinkContext): Promise<void> {
  return transact(context, "durable", async (tx, effects) => {
    const now = context.clock.now();
    // No heartbeat could reach the SuperLink while it was down, so none counts as missed.
    for (const node of await tx.onlineNodes()) {
      const onlineUntil = Math.max(node.onlineUntil, now + node.heartbeatInterval);
      await tx.putNode({ ...node, onlineUntil, dueAt: onlineUntil });
    }
    for (const instruction of await tx.handedOut()) {
      await requeue(context, tx, effects, instruction, "superlink-restarted");
    }
  });
}
