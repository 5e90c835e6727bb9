import { Journal } from "./journal.ts";
import { Serial } from "./serial.ts";
import { isOpen } from "../instruction_state.ts";
import { expiryOf, type LinkMessage, type LinkObject, type ObjectId } from "../message.ts";
import type {
  Durability,
  InstructionProgress,
  InstructionRecord,
  LinkStore,
  LinkTransaction,
  NodeRecord,
  RunRecord,
  StoreUsage,
} from "./store.ts";

/** An instruction with its place in the order of arrival. */
interface Placed {
  readonly place: number;
  readonly record: InstructionRecord;
}

interface Counted {
  readonly object: LinkObject;
  readonly references: number;
}

/** A store that lasts as long as the process. Records are replaced, never changed. */
export class MemoryStore implements LinkStore {
  readonly #serial = new Serial();
  readonly #tables = new Tables();

  transaction<T>(
    _durability: Durability,
    work: (tx: LinkTransaction) => Promise<T>,
  ): Promise<T> {
    return this.#serial.run(async () => {
      const journal = new Journal();
      try {
        return await work(new MemoryTransaction(this.#tables, journal));
      } catch (error) {
        journal.rollBack();
        throw error;
      }
    });
  }

  usage(): Promise<StoreUsage> {
    return Promise.resolve({
      nodes: this.#tables.nodes.size,
      runs: this.#tables.runs.size,
      instructions: this.#tables.instructions.size,
      replies: this.#tables.replies.size,
      objects: this.#tables.objects.size,
    });
  }

  async close(): Promise<void> {
    await this.#serial.close();
  }
}

class Tables {
  readonly nodes = new Map<bigint, NodeRecord>();
  readonly nodeIdsByKey = new Map<string, bigint>();
  readonly runs = new Map<bigint, RunRecord>();
  readonly instructions = new Map<string, Placed>();
  /** The open instructions of each node that has any. */
  readonly open = new Map<bigint, ReadonlySet<string>>();
  readonly replies = new Map<string, LinkMessage>();
  readonly objects = new Map<ObjectId, Counted>();
  places = 0;
}

class MemoryTransaction implements LinkTransaction {
  readonly #tables: Tables;
  readonly #journal: Journal;

  constructor(tables: Tables, journal: Journal) {
    this.#tables = tables;
    this.#journal = journal;
  }

  node(nodeId: bigint): Promise<NodeRecord | undefined> {
    return Promise.resolve(this.#tables.nodes.get(nodeId));
  }

  nodeByKey(publicKey: Uint8Array): Promise<NodeRecord | undefined> {
    const nodeId = this.#tables.nodeIdsByKey.get(publicKey.toHex());
    return Promise.resolve(nodeId === undefined ? undefined : this.#tables.nodes.get(nodeId));
  }

  onlineNodes(): Promise<NodeRecord[]> {
    return Promise.resolve([...this.#tables.nodes.values()].filter((n) => n.state === "online"));
  }

  dueNodes(now: number, limit: number): Promise<NodeRecord[]> {
    return Promise.resolve(mostUrgent([...this.#tables.nodes.values()], now, limit));
  }

  putNode(node: NodeRecord): Promise<void> {
    this.#journal.set(this.#tables.nodes, node.nodeId, node);
    if (node.publicKey !== undefined) {
      this.#journal.set(this.#tables.nodeIdsByKey, node.publicKey.toHex(), node.nodeId);
    }
    return Promise.resolve();
  }

  removeNode(nodeId: bigint): Promise<void> {
    const key = this.#tables.nodes.get(nodeId)?.publicKey;
    if (key !== undefined) this.#journal.delete(this.#tables.nodeIdsByKey, key.toHex());
    this.#journal.delete(this.#tables.nodes, nodeId);
    return Promise.resolve();
  }

  run(runId: bigint): Promise<RunRecord | undefined> {
    return Promise.resolve(this.#tables.runs.get(runId));
  }

  putRun(run: RunRecord): Promise<void> {
    this.#journal.set(this.#tables.runs, run.runId, run);
    return Promise.resolve();
  }

  addInstruction(record: InstructionRecord): Promise<void> {
    this.#put({ place: ++this.#tables.places, record });
    return Promise.resolve();
  }

  instructions(messageIds: readonly string[]): Promise<InstructionRecord[]> {
    return Promise.resolve(this.#select(new Set(messageIds)).map(({ record }) => record));
  }

  openInstructions(nodeId: bigint): Promise<InstructionRecord[]> {
    return Promise.resolve(this.#openOf(nodeId));
  }

  nextWaiting(
    nodeId: bigint,
    now: number,
    maxDeliveries: number,
  ): Promise<InstructionRecord | undefined> {
    return Promise.resolve(
      this.#openOf(nodeId).find(({ message, state, deliveries }) =>
        state === "waiting" && deliveries < maxDeliveries && expiryOf(message) > now
      ),
    );
  }

  handedOut(): Promise<InstructionRecord[]> {
    const placed = this.#select(this.#tables.instructions.keys());
    return Promise.resolve(
      placed.map(({ record }) => record).filter(({ state }) => state === "handed-out"),
    );
  }

  dueInstructions(now: number, limit: number): Promise<InstructionRecord[]> {
    const records = [...this.#tables.instructions.values()].map(({ record }) => record);
    return Promise.resolve(mostUrgent(records, now, limit));
  }

  updateInstruction(messageId: string, progress: InstructionProgress): Promise<void> {
    const placed = this.#tables.instructions.get(messageId);
    if (placed !== undefined) {
      this.#put({ place: placed.place, record: { ...progress, message: placed.record.message } });
    }
    return Promise.resolve();
  }

  removeInstruction(messageId: string): Promise<void> {
    const placed = this.#tables.instructions.get(messageId);
    if (placed !== undefined) {
      this.#setOpen(placed.record.message, false);
      this.#journal.delete(this.#tables.instructions, messageId);
      this.#journal.delete(this.#tables.replies, messageId);
    }
    return Promise.resolve();
  }

  replies(instructionIds: readonly string[]): Promise<LinkMessage[]> {
    const found = [...new Set(instructionIds)].map((id) => this.#tables.replies.get(id));
    return Promise.resolve(found.filter((reply) => reply !== undefined));
  }

  putReply(reply: LinkMessage): Promise<void> {
    this.#journal.set(this.#tables.replies, reply.replyToMessageId, reply);
    return Promise.resolve();
  }

  hasObject(id: ObjectId): Promise<boolean> {
    return Promise.resolve(this.#tables.objects.has(id));
  }

  object(id: ObjectId): Promise<LinkObject | undefined> {
    return Promise.resolve(this.#tables.objects.get(id)?.object);
  }

  childrenOf(id: ObjectId): Promise<readonly ObjectId[]> {
    return Promise.resolve(this.#tables.objects.get(id)?.object.children ?? []);
  }

  addObject(object: LinkObject): Promise<void> {
    this.#journal.set(this.#tables.objects, object.id, { object, references: 0 });
    return Promise.resolve();
  }

  addReferences(id: ObjectId, delta: 1 | -1): Promise<number> {
    const counted = this.#tables.objects.get(id);
    if (counted === undefined) return Promise.resolve(0);
    const references = counted.references + delta;
    this.#journal.set(this.#tables.objects, id, { object: counted.object, references });
    return Promise.resolve(references);
  }

  removeObject(id: ObjectId): Promise<void> {
    this.#journal.delete(this.#tables.objects, id);
    return Promise.resolve();
  }

  nextDue(): Promise<number | undefined> {
    let earliest = Infinity;
    for (const { dueAt } of this.#tables.nodes.values()) {
      earliest = Math.min(earliest, dueAt ?? Infinity);
    }
    for (const { record } of this.#tables.instructions.values()) {
      earliest = Math.min(earliest, record.dueAt);
    }
    return Promise.resolve(earliest === Infinity ? undefined : earliest);
  }

  #put(placed: Placed): void {
    const { message, state } = placed.record;
    this.#journal.set(this.#tables.instructions, message.messageId, placed);
    this.#setOpen(message, isOpen(state));
  }

  #setOpen({ messageId, dstNodeId }: LinkMessage, open: boolean): void {
    const before = this.#tables.open.get(dstNodeId);
    if ((before?.has(messageId) ?? false) === open) return;
    const after = new Set(before);
    if (open) after.add(messageId);
    else after.delete(messageId);
    if (after.size > 0) this.#journal.set(this.#tables.open, dstNodeId, after);
    else this.#journal.delete(this.#tables.open, dstNodeId);
  }

  #openOf(nodeId: bigint): InstructionRecord[] {
    return this.#select(this.#tables.open.get(nodeId) ?? []).map(({ record }) => record);
  }

  /** Those of the ids that are there, in the order of arrival. */
  #select(messageIds: Iterable<string>): Placed[] {
    const found: Placed[] = [];
    for (const id of messageIds) {
      const placed = this.#tables.instructions.get(id);
      if (placed !== undefined) found.push(placed);
    }
    return found.sort((a, b) => a.place - b.place);
  }
}

function mostUrgent<T extends { readonly dueAt?: number }>(
  records: readonly T[],
  now: number,
  limit: number,
): T[] {
  return records.filter(({ dueAt }) => dueAt !== undefined && dueAt <= now)
    .sort((a, b) => a.dueAt! - b.dueAt!)
    .slice(0, limit);
}
