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
  /** What is wrong, by a name that does not change with the words. */
  readonly code: RefusalCode;
  /** What is wrong with the message, as a sentence. */
  readonly reason: string;
}

/** What is wrong with a refused message. */
export type RefusalCode =
  /** Its run does not exist, or has ended. */
  | "run-unknown"
  | "run-ended"
  /** The caller's push names another run, or the message another source or destination than the caller may use. */
  | "wrong-run"
  | "wrong-source"
  | "wrong-destination"
  /** Its node does not exist or has left, or was unregistered. */
  | "node-unknown"
  | "node-unregistered"
  /** An instruction that answers another message. */
  | "is-a-reply"
  /** Times and texts outside of their limits. */
  | "created-at-invalid"
  | "created-in-the-future"
  | "ttl-invalid"
  | "ttl-too-long"
  | "expired"
  | "type-empty"
  | "label-too-long"
  /** Both content and error, or neither. */
  | "content-or-error"
  /** A reply's instruction: it does not exist for this node, has its answer, has ended, or differs from the reply. */
  | "instruction-unknown"
  | "instruction-answered"
  | "instruction-ended"
  | "instruction-expired"
  | "other-run"
  | "other-group"
  | "other-type"
  | "outlives-instruction"
  /** The id belongs to another message. */
  | "id-taken"
  /** Its objects: not announced, of another shape than allowed, or not sent in time. */
  | "objects-not-announced"
  | "objects-too-deep"
  | "objects-too-many"
  | "content-not-child"
  | "objects-late";
