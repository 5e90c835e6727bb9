import type { NewLinkMessage } from "./message.ts";
import type { LinkObject, ObjectId, ObjectTree } from "./object.ts";

/** Messages to push, with the trees of their objects. */
export interface PushedMessages {
  /** Id of the caller: a node, or SUPERLINK_NODE_ID for a run's ServerApp. */
  readonly nodeId: bigint;
  readonly runId: bigint;
  /** Instructions from the ServerApp, replies from a node. */
  readonly messages: readonly NewLinkMessage[];
  /** Tree of objects of each message, in the order of `messages`. The root is the message's id. */
  readonly trees: readonly ObjectTree[];
  /** Seconds that the ClientApp worked on each reply; default 0. */
  readonly clientAppSeconds?: readonly number[];
  /** Objects that are sent inline with the announcement, by id. Each is in one of the trees. */
  readonly inlineObjects?: ReadonlyMap<ObjectId, InlineObject>;
}

/** An object sent inline. The caller has checked its bytes against its id. */
export interface InlineObject {
  readonly object: LinkObject;
  /** The message that the object encodes, if it is the root of a message. See {@link Messages.putObject}. */
  readonly message?: NewLinkMessage;
}

/** Result of opening a push. A message is accepted when the last of its objects is stored. */
export interface OpenedPush {
  /** For each message, in order: why it was refused, or undefined if it was not. */
  readonly refusals: readonly (MessageRefusal | undefined)[];
  /** Ids of objects that are still missing, each once. */
  readonly missing: readonly ObjectId[];
  /**
   * Id under which to push the missing objects. Valid until limits.pushSessionSeconds after the last object. Empty if
   * no object is missing.
   */
  readonly sessionId: string;
}

/** Why one message of a push was refused. Other messages of the push are not affected. */
export interface MessageRefusal {
  /** What is wrong with the message, as a sentence. */
  readonly reason: string;
}
