import { type LinkContext, transact } from "./transactions/transactions.ts";

/** See LinkService.signedUntil. */
export function signedUntil(context: LinkContext): Promise<ReadonlyMap<string, number>> {
  return transact(context, "relaxed", (tx) => tx.signers.all());
}

/** See LinkService.noteSigned. */
export function noteSigned(
  context: LinkContext,
  until: ReadonlyMap<string, number>,
  forgetBefore: number,
): Promise<void> {
  return transact(context, "relaxed", async (tx) => {
    for (const [peer, time] of until) await tx.signers.put(peer, time);
    await tx.signers.forget(forgetBefore);
  });
}
