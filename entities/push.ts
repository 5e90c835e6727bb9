import type { NewLinkMessage } from "./message.ts";
import type { LinkObject, ObjectId, ObjectTree } from "./object.ts";

/** Messages whose objects come one by one. */
export interface PushedMessages {
  /** Who pushes: a node, or SUPERLINK_NODE_ID for a run's ServerApp. */
  readonly nodeId: bigint;
  readonly runId: bigint;
  /** Instructions from the ServerApp, replies from a node. */
  readonly messages: readonly NewLinkMessage[];
  /** Which objects each of them needs, in the order of the messages; the root is the message's id. */
  readonly trees: readonly ObjectTree[];
  /** Seconds that the ClientApp worked on each reply. */
  readonly clientAppSeconds?: readonly number[];
  /** Objects that come with the announcement, by id; each is in one of the trees. */
  readonly brought?: ReadonlyMap<ObjectId, BroughtObject>;
}

/** An object whose bytes were checked against its id. */
export interface BroughtObject {
  readonly object: LinkObject;
  /** What the object says, when it is a message's own: see Messages.putObject. */
  readonly message?: NewLinkMessage;
}

/** How a push of messages stands. A message counts once the last of its objects is there. */
export interface OpenedPush {
  /** For each message, in order: undefined where it was taken, or why it was not. */
  readonly refusals: readonly (Refusal | undefined)[];
  /** Objects that are still to be pushed, each once. */
  readonly missing: readonly ObjectId[];
  /** Under which to push them; lives limits.pushSessionSeconds after its last object. Empty when none is missing. */
  readonly sessionId: string;
}

/** Why one message of a push was refused. The others of the same push are not affected. */
export interface Refusal {
  /** What is wrong with it, as a sentence. */
  readonly reason: string;
}
