import type { ObjectId } from "../../entities/object.ts";
import type { LinkMessage } from "../../entities/message.ts";
import type { PushState } from "./push_state.ts";

/** A stored push: a session in which a caller uploads the objects of messages. */
export interface PushRecord {
  readonly sessionId: string;
  /** Id of the caller: a node, or SUPERLINK_NODE_ID for the run's ServerApp. */
  readonly nodeId: bigint;
  readonly runId: bigint;
  readonly state: PushState;
  /** Bytes that the push has stored. Somewhat behind while its objects arrive; see StagedBytes. */
  readonly stagedBytes: number;
  /** Unix time in seconds at which the push ends unless another object arrives. */
  readonly dueAt: number;
}

/** An announced message that waits for its objects. */
export interface AnnouncedMessage {
  readonly sessionId: string;
  /** The message, with `pushedAt` 0. */
  readonly message: LinkMessage;
  /** Seconds that the ClientApp worked on the reply. */
  readonly clientAppSeconds: number;
}

/** Table of pushes, with the messages and objects that they announced. */
export interface PushTable {
  get(sessionId: string): Promise<PushRecord | undefined>;
  /** All pushes of one caller for one run. */
  of(nodeId: bigint, runId: bigint): Promise<PushRecord[]>;
  ofNode(nodeId: bigint): Promise<PushRecord[]>;
  ofRun(runId: bigint): Promise<PushRecord[]>;
  /** All pushes in state "open". */
  open(): Promise<PushRecord[]>;
  /** Pushes with `dueAt` ≤ `now`, earliest first. */
  due(now: number, limit: number): Promise<PushRecord[]>;
  /** Adds a push, or replaces the push with the same id. */
  put(push: PushRecord): Promise<void>;
  /** Removes a push and its announcements. The caller removes objects that nothing else needs. */
  remove(sessionId: string): Promise<void>;

  addMessages(announced: readonly AnnouncedMessage[]): Promise<void>;
  message(messageId: string): Promise<AnnouncedMessage | undefined>;
  /** The announced messages with these ids, as far as they exist. */
  messages(messageIds: readonly string[]): Promise<AnnouncedMessage[]>;
  messagesOf(sessionId: string): Promise<AnnouncedMessage[]>;
  hasMessages(sessionId: string): Promise<boolean>;
  removeMessage(messageId: string): Promise<void>;

  /** Records that the push announced objects. Some may be recorded already. */
  addObjects(sessionId: string, ids: readonly ObjectId[]): Promise<void>;
  hasObject(sessionId: string, id: ObjectId): Promise<boolean>;
  objectsOf(sessionId: string): Promise<ObjectId[]>;
  /** Those of the objects that an open push announced. */
  areAnnounced(ids: readonly ObjectId[]): Promise<Set<ObjectId>>;
}
