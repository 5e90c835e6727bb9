import type { Message } from "./message.ts";

/** Buffers that belong to one message alone. */
const OWNED = new WeakMap<Message, readonly ArrayBufferLike[]>();

/**
 * Records that the buffers of a message's large arrays belong to this message alone, so that {@link releaseMessage} may
 * free them. Only the connection that received the message knows.
 */
export function ownBuffers(message: Message, buffers: Iterable<ArrayBufferLike>): void {
  OWNED.set(message, [...buffers]);
}

/**
 * Frees the memory of a message's large arrays at once, if the message owns it. The garbage collector would free it much
 * later, because it sees a small object only. The arrays are then empty: nobody may use them any more.
 */
export function releaseMessage(message: Message): void {
  for (const buffer of OWNED.get(message) ?? []) detach(buffer);
  OWNED.delete(message);
}

/** Frees a buffer at once. Views of it are empty afterwards. */
export function detach(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
