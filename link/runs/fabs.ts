import { releasePieces } from "./attachments.ts";
import { type Effects, type LinkContext, transact } from "../transactions/transactions.ts";
import type { LinkTransaction } from "../store/store.ts";

/** See LinkService.getFab. */
export function getFab(context: LinkContext, hash: string): Promise<Uint8Array | undefined> {
  return transact(context, "relaxed", (tx) => tx.fabs.get(hash));
}

/** Lets go of a FAB whose last run has finished: whoever wants to run it again brings it. */
export async function releaseFab(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  hash: string,
): Promise<void> {
  if (hash === "" || await tx.runs.needsFab(hash)) return;
  await tx.fabs.remove(hash);
  await releasePieces(context, tx, effects, hash);
}
