import type { ObjectId } from "../../entities/object.ts";
import type { LinkMessage } from "../../entities/message.ts";
import type { PushState } from "./push_state.ts";

/** A push of messages whose objects come one by one. */
export interface PushRecord {
  readonly sessionId: string;
  /** Who pushes: a node, or SUPERLINK_NODE_ID for the run's ServerApp. */
  readonly nodeId: bigint;
  readonly runId: bigint;
  readonly state: PushState;
  /** Unix time in seconds at which it ends, if no object comes. */
  readonly dueAt: number;
}

/** A message that was announced and waits for its objects. */
export interface AnnouncedMessage {
  readonly sessionId: string;
  /** Its `pushedAt` is 0. */
  readonly message: LinkMessage;
  /** Seconds that the ClientApp worked on it. */
  readonly clientAppSeconds: number;
}

/** The pushes of a store, with the messages and objects that they announced. */
export interface PushTable {
  get(sessionId: string): Promise<PushRecord | undefined>;
  /** The pushes of one caller for one run. */
  of(nodeId: bigint, runId: bigint): Promise<PushRecord[]>;
  ofNode(nodeId: bigint): Promise<PushRecord[]>;
  ofRun(runId: bigint): Promise<PushRecord[]>;
  /** All pushes in state "open". */
  open(): Promise<PushRecord[]>;
  /** Pushes whose `dueAt` is not after `now`, the most urgent first. */
  due(now: number, limit: number): Promise<PushRecord[]>;
  /** Adds the push or replaces the one with its id. */
  put(push: PushRecord): Promise<void>;
  /** Removes the push with all that it announced. Its hold on objects is the caller's to release. */
  remove(sessionId: string): Promise<void>;

  addMessage(announced: AnnouncedMessage): Promise<void>;
  message(messageId: string): Promise<AnnouncedMessage | undefined>;
  messagesOf(sessionId: string): Promise<AnnouncedMessage[]>;
  hasMessages(sessionId: string): Promise<boolean>;
  removeMessage(messageId: string): Promise<void>;

  /** Notes that the push announced an object. @returns false when it had done so before */
  addObject(sessionId: string, id: ObjectId): Promise<boolean>;
  hasObject(sessionId: string, id: ObjectId): Promise<boolean>;
  objectsOf(sessionId: string): Promise<ObjectId[]>;
  /** Whether a push in state "open" announced the object. */
  isAnnounced(id: ObjectId): Promise<boolean>;
}
