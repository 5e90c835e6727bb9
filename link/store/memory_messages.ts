import { isOpen } from "../messages/instruction_state.ts";
import { expiryOf, type LinkMessage } from "../../entities/message.ts";
import type {
  InstructionProgress,
  InstructionRecord,
  InstructionTable,
  ReplyTable,
  UnansweredInstructions,
} from "../messages/message_tables.ts";
import { earliestDue, mostUrgent } from "./due.ts";
import type { Journal } from "./journal.ts";
import { Multimap } from "./multimap.ts";

/** An instruction with its position in the order of insertion. */
interface Placed {
  readonly place: number;
  readonly record: InstructionRecord;
}

/** The messages of an in-memory store. */
export class MessageMap {
  readonly instructions = new Map<string, Placed>();
  /** Ids of open instructions, by node. */
  readonly open = new Multimap<bigint, string>();
  /** Ids of instructions in state "handed-out", by node. */
  readonly handedOut = new Multimap<bigint, string>();
  /** Ids of instructions, by run. */
  readonly ofRun = new Multimap<bigint, string>();
  /** Replies by the id of their instruction. */
  readonly replies = new Map<string, LinkMessage>();
  /** Id of the instruction, by the id of its reply. */
  readonly answered = new Map<string, string>();
  places = 0;

  nextDue(): number {
    return earliestDue(this.instructions.values().map(({ record }) => record));
  }
}

/** {@link InstructionTable} in memory, for one transaction. */
export class MemoryInstructions implements InstructionTable {
  readonly #map: MessageMap;
  readonly #journal: Journal;

  constructor(map: MessageMap, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  addAll(records: readonly InstructionRecord[]): Promise<void> {
    for (const record of records) {
      this.#map.ofRun.add(this.#journal, record.message.runId, record.message.messageId);
      this.#put({ place: ++this.#map.places, record });
    }
    return Promise.resolve();
  }

  get(messageIds: readonly string[]): Promise<InstructionRecord[]> {
    return Promise.resolve(this.#select(new Set(messageIds)));
  }

  openOf(nodeId: bigint): Promise<InstructionRecord[]> {
    return Promise.resolve(this.#select(this.#map.open.of(nodeId)));
  }

  handedOutTo(nodeId: bigint): Promise<InstructionRecord[]> {
    return Promise.resolve(this.#select(this.#map.handedOut.of(nodeId)));
  }

  handedTo(nodeId: bigint, runId: bigint): Promise<LinkMessage[]> {
    const records = this.#select(
      this.#map.open.of(nodeId),
      ({ message, deliveries }) => message.runId === runId && deliveries > 0,
    );
    return Promise.resolve(records.map(({ message }) => message));
  }

  nextWaiting(
    nodeId: bigint,
    now: number,
    maxDeliveries: number,
  ): Promise<InstructionRecord | undefined> {
    let first: Placed | undefined;
    for (const placed of this.#placed(this.#map.open.of(nodeId))) {
      const { place, record: { message, state, deliveries } } = placed;
      const isNext = state === "waiting" && deliveries < maxDeliveries && expiryOf(message) > now;
      if (isNext && (first === undefined || place < first.place)) first = placed;
    }
    return Promise.resolve(first?.record);
  }

  waitingFor(nodeIds: readonly bigint[]): Promise<bigint[]> {
    const isWaiting = (id: string) => this.#map.instructions.get(id)?.record.state === "waiting";
    const nodes = nodeIds.filter((nodeId) => [...this.#map.open.of(nodeId)].some(isWaiting));
    return Promise.resolve(nodes);
  }

  unanswered(): Promise<UnansweredInstructions[]> {
    const counts = new Map<bigint, number>();
    for (const { record } of this.#map.instructions.values()) {
      const { message: { runId }, state } = record;
      if (isOpen(state)) counts.set(runId, (counts.get(runId) ?? 0) + 1);
    }
    const unanswered = [...counts].map(([runId, count]) => ({ runId, count }));
    return Promise.resolve(unanswered.sort((a, b) => (a.runId < b.runId ? -1 : 1)));
  }

  handedOut(holder?: bigint): Promise<InstructionRecord[]> {
    const isWanted = (instruction: InstructionRecord) =>
      instruction.state === "handed-out" && (holder === undefined || instruction.holder === holder);
    return Promise.resolve(this.#select(this.#map.instructions.keys(), isWanted));
  }

  ofRun(runId: bigint): Promise<InstructionRecord[]> {
    return Promise.resolve(this.#select(this.#map.ofRun.of(runId)));
  }

  due(now: number, limit: number): Promise<InstructionRecord[]> {
    const records = this.#map.instructions.values().map(({ record }) => record);
    return Promise.resolve(mostUrgent(records, now, limit));
  }

  update(messageId: string, progress: InstructionProgress): Promise<void> {
    const placed = this.#map.instructions.get(messageId);
    if (placed !== undefined) {
      this.#put({ place: placed.place, record: { ...progress, message: placed.record.message } });
    }
    return Promise.resolve();
  }

  remove(messageId: string): Promise<void> {
    const placed = this.#map.instructions.get(messageId);
    if (placed === undefined) return Promise.resolve();
    const { dstNodeId, runId } = placed.record.message;
    this.#map.open.remove(this.#journal, dstNodeId, messageId);
    this.#map.handedOut.remove(this.#journal, dstNodeId, messageId);
    this.#map.ofRun.remove(this.#journal, runId, messageId);
    this.#journal.delete(this.#map.instructions, messageId);
    const reply = this.#map.replies.get(messageId);
    if (reply !== undefined) {
      this.#journal.delete(this.#map.replies, messageId);
      this.#journal.delete(this.#map.answered, reply.messageId);
    }
    return Promise.resolve();
  }

  #put(placed: Placed): void {
    const { message: { messageId, dstNodeId }, state } = placed.record;
    this.#journal.set(this.#map.instructions, messageId, placed);
    const { open, handedOut } = this.#map;
    for (
      const [links, has] of [[open, isOpen(state)], [handedOut, state === "handed-out"]] as const
    ) {
      if (has) links.add(this.#journal, dstNodeId, messageId);
      else links.remove(this.#journal, dstNodeId, messageId);
    }
  }

  /** The existing instructions with these ids that match, in the order of insertion. */
  #select(
    messageIds: Iterable<string>,
    wanted: (record: InstructionRecord) => boolean = () => true,
  ): InstructionRecord[] {
    return [...this.#placed(messageIds)].filter(({ record }) => wanted(record))
      .sort((a, b) => a.place - b.place).map(({ record }) => record);
  }

  /** The existing instructions with these ids. */
  *#placed(messageIds: Iterable<string>): Generator<Placed, void, void> {
    for (const id of messageIds) {
      const placed = this.#map.instructions.get(id);
      if (placed !== undefined) yield placed;
    }
  }
}

/** {@link ReplyTable} in memory, for one transaction. */
export class MemoryReplies implements ReplyTable {
  readonly #map: MessageMap;
  readonly #journal: Journal;

  constructor(map: MessageMap, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  to(instructionIds: readonly string[]): Promise<LinkMessage[]> {
    const found = [...new Set(instructionIds)].map((id) => this.#map.replies.get(id));
    return Promise.resolve(found.filter((reply) => reply !== undefined));
  }

  get(messageId: string): Promise<LinkMessage | undefined> {
    const instructionId = this.#map.answered.get(messageId);
    return Promise.resolve(
      instructionId === undefined ? undefined : this.#map.replies.get(instructionId),
    );
  }

  async withIds(messageIds: readonly string[]): Promise<LinkMessage[]> {
    const found = await Promise.all(messageIds.map((id) => this.get(id)));
    return found.filter((reply) => reply !== undefined);
  }

  put(reply: LinkMessage): Promise<void> {
    const before = this.#map.replies.get(reply.replyToMessageId);
    if (before !== undefined) this.#journal.delete(this.#map.answered, before.messageId);
    this.#journal.set(this.#map.replies, reply.replyToMessageId, reply);
    this.#journal.set(this.#map.answered, reply.messageId, reply.replyToMessageId);
    return Promise.resolve();
  }
}
