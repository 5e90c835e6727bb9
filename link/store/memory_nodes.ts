import type { NodeRecord, NodeTable } from "../nodes/node_table.ts";
import { mostUrgent } from "./due.ts";
import type { Journal } from "./journal.ts";

/** The nodes of an in-memory store. */
export class NodeMap {
  readonly byId = new Map<bigint, NodeRecord>();
  readonly idByKey = new Map<string, bigint>();
}

/** {@link NodeTable} in memory, for one transaction. */
export class MemoryNodes implements NodeTable {
  readonly #map: NodeMap;
  readonly #journal: Journal;

  constructor(map: NodeMap, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  get(nodeId: bigint): Promise<NodeRecord | undefined> {
    return Promise.resolve(this.#map.byId.get(nodeId));
  }

  withIds(nodeIds: readonly bigint[]): Promise<NodeRecord[]> {
    const found = [...new Set(nodeIds)].map((id) => this.#map.byId.get(id));
    return Promise.resolve(found.filter((node) => node !== undefined));
  }

  byKey(publicKey: Uint8Array): Promise<NodeRecord | undefined> {
    const nodeId = this.#map.idByKey.get(publicKey.toHex());
    return Promise.resolve(nodeId === undefined ? undefined : this.#map.byId.get(nodeId));
  }

  withKeys(publicKeys: readonly Uint8Array[]): Promise<NodeRecord[]> {
    const ids = publicKeys.map((key) => this.#map.idByKey.get(key.toHex()));
    return this.withIds(ids.filter((id) => id !== undefined));
  }

  all(): Promise<NodeRecord[]> {
    return Promise.resolve(
      [...this.#map.byId.values()].sort((a, b) =>
        a.registeredAt - b.registeredAt || (a.nodeId < b.nodeId ? -1 : 1)
      ),
    );
  }

  online(): Promise<NodeRecord[]> {
    return Promise.resolve(this.#online());
  }

  absent(): Promise<NodeRecord[]> {
    const nodes = [...this.#map.byId.values()];
    return Promise.resolve(
      nodes.filter(({ state, registeredBy }) =>
        registeredBy === "self" && state !== "online" && state !== "unregistered"
      ),
    );
  }

  countForgettable(): Promise<number> {
    return Promise.resolve(this.#forgettable().length);
  }

  forgettable(limit: number): Promise<NodeRecord[]> {
    const joined = ({ activatedAt }: NodeRecord) => activatedAt === undefined ? 0 : 1;
    const nodes = this.#forgettable().sort((a, b) => joined(a) - joined(b) || a.dueAt! - b.dueAt!);
    return Promise.resolve(nodes.slice(0, limit));
  }

  onlineNames(now: number): Promise<NodeRecord[]> {
    return Promise.resolve(this.#online().filter(({ onlineUntil }) => onlineUntil > now));
  }

  due(now: number, limit: number): Promise<NodeRecord[]> {
    return Promise.resolve(mostUrgent(this.#map.byId.values(), now, limit));
  }

  put(node: NodeRecord): Promise<void> {
    this.#journal.set(this.#map.byId, node.nodeId, node);
    if (node.publicKey !== undefined) {
      this.#journal.set(this.#map.idByKey, node.publicKey.toHex(), node.nodeId);
    }
    return Promise.resolve();
  }

  async putAll(nodes: readonly NodeRecord[]): Promise<void> {
    for (const node of nodes) await this.put(node);
  }

  remove(nodeId: bigint): Promise<void> {
    const key = this.#map.byId.get(nodeId)?.publicKey;
    if (key !== undefined) this.#journal.delete(this.#map.idByKey, key.toHex());
    this.#journal.delete(this.#map.byId, nodeId);
    return Promise.resolve();
  }

  #forgettable(): NodeRecord[] {
    return [...this.#map.byId.values()].filter(({ state, dueAt }) =>
      state !== "online" && dueAt !== undefined
    );
  }

  #online(): NodeRecord[] {
    return [...this.#map.byId.values()].filter(({ state }) => state === "online");
  }
}
