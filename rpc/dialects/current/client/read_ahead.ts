import type { Message } from "../../../../app/message.ts";

/** Bytes of replies that are fetched before they are asked for: a large model is not, small ones are. */
const AHEAD_BYTES = 8 * 2 ** 20;

/** Number of replies that are fetched at the same time. */
const MAX_AHEAD = 16;

/**
 * Fetches messages one at a time, as the caller asks for them. As long as the largest one so far is small, the next
 * ones are fetched meanwhile, so that many small replies do not cost one round trip after the other.
 *
 * @param items what is known of the messages
 * @param receive fetches one
 */
export async function* readAhead<T>(
  items: readonly T[],
  receive: (item: T) => Promise<Message>,
): AsyncGenerator<Message, void, undefined> {
  const fetching: Promise<Message>[] = [];
  let next = 0;
  let ahead = 0;
  let largest = 0;
  while (next < items.length || fetching.length > 0) {
    while (next < items.length && fetching.length <= ahead) {
      const message = receive(items[next++]!);
      // A failure counts when its message is asked for.
      message.catch(() => {});
      fetching.push(message);
    }
    const message = await fetching.shift()!;
    largest = Math.max(largest, bytesOf(message));
    ahead = Math.min(MAX_AHEAD, Math.floor(AHEAD_BYTES / (largest + 1)));
    yield message;
  }
}

/** Bytes of a message's arrays; the rest is small. */
function bytesOf(message: Message): number {
  if (!message.hasContent) return 0;
  return message.content.arrayRecords.values().reduce((sum, { byteLength }) => sum + byteLength, 0);
}
