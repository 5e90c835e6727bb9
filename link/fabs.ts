import { type LinkContext, transact } from "./context.ts";

/** See LinkService.putFab. */
export function putFab(context: LinkContext, hash: string, content: Uint8Array): Promise<void> {
  return transact(context, "durable", async (tx) => {
    if (!await tx.fabs.has(hash)) await tx.fabs.add(hash, content);
  });
}

/** See LinkService.getFab. */
export function getFab(context: LinkContext, hash: string): Promise<Uint8Array | undefined> {
  return transact(context, "relaxed", (tx) => tx.fabs.get(hash));
}
