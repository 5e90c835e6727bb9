/** The kinds of messages that have names in Flower. */
export const NAMED_KINDS = ["train", "evaluate", "query"] as const;

/** Kind of a message in statistics: one of Flower's, without the action after the point, or another. */
export type MessageKind = typeof NAMED_KINDS[number] | "other";

/** All kinds. */
export const MESSAGE_KINDS: readonly MessageKind[] = [...NAMED_KINDS, "other"];

/** The kind of a message type such as "train" or "train.personal". Apps choose types, so their number has no bound. */
export function messageKind(messageType: string): MessageKind {
  return NAMED_KINDS.find((kind) => messageType === kind || messageType.startsWith(`${kind}.`)) ??
    "other";
}
