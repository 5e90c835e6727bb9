import type { Context } from "./context.ts";
import type { Message } from "./message.ts";

/** A function that answers a message: a handler, possibly wrapped in modifiers. */
export type Respond = (message: Message, context: Context) => Promise<Message>;

/**
 * A client modifier: it sees each instruction before the handler and each reply after it. It may change both, or answer
 * itself without calling `next`.
 *
 * @example
 * ```ts
 * const timed: ClientMod = async (message, context, next) => {
 *   const start = performance.now();
 *   const reply = await next(message, context);
 *   console.log(`${message.metadata.messageType}: ${performance.now() - start} ms`);
 *   return reply;
 * };
 * ```
 */
export type ClientMod = (
  message: Message,
  context: Context,
  next: Respond,
) => Message | Promise<Message>;

/** Wraps modifiers around a handler; the first one is the outermost. */
export function applyMods(mods: readonly ClientMod[], respond: Respond): Respond {
  return mods.reduceRight<Respond>(
    (next, mod) => async (message, context) => await mod(message, context, next),
    respond,
  );
}
