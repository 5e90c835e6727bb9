import type { AnnouncedMessage, PushRecord, PushTable } from "../messages/push_table.ts";
import type { ObjectId } from "../../entities/object.ts";
import { mostUrgent } from "./due.ts";
import type { Journal } from "./journal.ts";
import { Multimap } from "./multimap.ts";

/** The pushes of an in-memory store. */
export class PushMap {
  readonly byId = new Map<string, PushRecord>();
  readonly ofNode = new Multimap<bigint, string>();
  readonly ofRun = new Multimap<bigint, string>();
  readonly messages = new Map<string, AnnouncedMessage>();
  readonly messagesOf = new Multimap<string, string>();
  readonly objectsOf = new Multimap<string, ObjectId>();
  /** Session ids of pushes, by the object that they announced. */
  readonly announcers = new Multimap<ObjectId, string>();
}

/** {@link PushTable} in memory, for one transaction. */
export class MemoryPushes implements PushTable {
  readonly #map: PushMap;
  readonly #journal: Journal;

  constructor(map: PushMap, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  get(sessionId: string): Promise<PushRecord | undefined> {
    return Promise.resolve(this.#map.byId.get(sessionId));
  }

  of(nodeId: bigint, runId: bigint): Promise<PushRecord[]> {
    const pushes = this.#select(this.#map.ofNode.of(nodeId));
    return Promise.resolve(pushes.filter((push) => push.runId === runId));
  }

  ofNode(nodeId: bigint): Promise<PushRecord[]> {
    return Promise.resolve(this.#select(this.#map.ofNode.of(nodeId)));
  }

  ofRun(runId: bigint): Promise<PushRecord[]> {
    return Promise.resolve(this.#select(this.#map.ofRun.of(runId)));
  }

  open(): Promise<PushRecord[]> {
    const pushes = [...this.#map.byId.values()];
    return Promise.resolve(pushes.filter(({ state }) => state === "open"));
  }

  due(now: number, limit: number): Promise<PushRecord[]> {
    return Promise.resolve(mostUrgent(this.#map.byId.values(), now, limit));
  }

  put(push: PushRecord): Promise<void> {
    this.#journal.set(this.#map.byId, push.sessionId, push);
    this.#map.ofNode.add(this.#journal, push.nodeId, push.sessionId);
    this.#map.ofRun.add(this.#journal, push.runId, push.sessionId);
    return Promise.resolve();
  }

  remove(sessionId: string): Promise<void> {
    const push = this.#map.byId.get(sessionId);
    if (push === undefined) return Promise.resolve();
    for (const id of [...this.#map.objectsOf.of(sessionId)]) {
      this.#map.objectsOf.remove(this.#journal, sessionId, id);
      this.#map.announcers.remove(this.#journal, id, sessionId);
    }
    for (const id of [...this.#map.messagesOf.of(sessionId)]) this.#drop(id);
    this.#map.ofNode.remove(this.#journal, push.nodeId, sessionId);
    this.#map.ofRun.remove(this.#journal, push.runId, sessionId);
    this.#journal.delete(this.#map.byId, sessionId);
    return Promise.resolve();
  }

  addMessages(messages: readonly AnnouncedMessage[]): Promise<void> {
    for (const announced of messages) {
      const { sessionId, message: { messageId } } = announced;
      this.#journal.set(this.#map.messages, messageId, announced);
      this.#map.messagesOf.add(this.#journal, sessionId, messageId);
    }
    return Promise.resolve();
  }

  messages(messageIds: readonly string[]): Promise<AnnouncedMessage[]> {
    const found = [...new Set(messageIds)].map((id) => this.#map.messages.get(id));
    return Promise.resolve(found.filter((announced) => announced !== undefined));
  }

  message(messageId: string): Promise<AnnouncedMessage | undefined> {
    return Promise.resolve(this.#map.messages.get(messageId));
  }

  messagesOf(sessionId: string): Promise<AnnouncedMessage[]> {
    const ids = [...this.#map.messagesOf.of(sessionId)];
    return Promise.resolve(ids.map((id) => this.#map.messages.get(id)!));
  }

  hasMessages(sessionId: string): Promise<boolean> {
    for (const _ of this.#map.messagesOf.of(sessionId)) return Promise.resolve(true);
    return Promise.resolve(false);
  }

  removeMessage(messageId: string): Promise<void> {
    this.#drop(messageId);
    return Promise.resolve();
  }

  addObjects(sessionId: string, ids: readonly ObjectId[]): Promise<void> {
    for (const id of ids) {
      if (this.#map.objectsOf.has(sessionId, id)) continue;
      this.#map.objectsOf.add(this.#journal, sessionId, id);
      this.#map.announcers.add(this.#journal, id, sessionId);
    }
    return Promise.resolve();
  }

  hasObject(sessionId: string, id: ObjectId): Promise<boolean> {
    return Promise.resolve(this.#map.objectsOf.has(sessionId, id));
  }

  objectsOf(sessionId: string): Promise<ObjectId[]> {
    return Promise.resolve([...this.#map.objectsOf.of(sessionId)]);
  }

  areAnnounced(ids: readonly ObjectId[]): Promise<Set<ObjectId>> {
    const isAnnounced = (id: ObjectId) =>
      this.#select(this.#map.announcers.of(id)).some(({ state }) => state === "open");
    return Promise.resolve(new Set(ids.filter(isAnnounced)));
  }

  #drop(messageId: string): void {
    const announced = this.#map.messages.get(messageId);
    if (announced === undefined) return;
    this.#map.messagesOf.remove(this.#journal, announced.sessionId, messageId);
    this.#journal.delete(this.#map.messages, messageId);
  }

  #select(sessionIds: Iterable<string>): PushRecord[] {
    return [...sessionIds].map((id) => this.#map.byId.get(id)!);
  }
}
