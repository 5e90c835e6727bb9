import { join } from "node:path";
import { FakeClock } from "../../base/clock.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { settle } from "../../base/testing/settle.ts";
import { attemptTwice } from "../../link/store/testing/attempt_twice.ts";
import { interleave } from "../../link/store/testing/interleave.ts";
import { pushComplete } from "./push_complete.ts";
import { readTree } from "./read_tree.ts";
import { createLink, type LargeObjectStore } from "../../link/create_link.ts";
import type { LinkEvent } from "../../link/events.ts";
import type { Link } from "../../link/link.ts";
import type { LinkMessage, MessageDraft, NewLinkMessage } from "../../entities/message.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import type { MessageRefusal } from "../../entities/push.ts";
import type { LinkLimits } from "../../link/limits.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import { SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import { type LinkStore, type StoreUsage, wrapStore } from "../../link/store/store.ts";
import { BY_HAND } from "../../link/testing/records.ts";
import { postgresTest } from "../support/postgres.ts";

/** A store that can be reopened with its contents. */
export interface Reopenable {
  open(): LinkStore | Promise<LinkStore>;
}

/** Registers a test for each kind of store. */
export function storeTest(name: string, body: (store: Reopenable) => Promise<void>): void {
  Deno.test(`${name} (memory)`, () => body(lasting(new MemoryStore())));
  Deno.test(`${name} (memory, each transaction twice)`, () => {
    const store = new MemoryStore();
    return body(lasting(Object.assign(store, { transaction: attemptTwice(store) })));
  });
  Deno.test(`${name} (memory, shared)`, () => body(lasting(interleave(new MemoryStore()))));
  Deno.test(`${name} (SQLite)`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await body({ open: () => new SqliteStore(join(folder, "link.db")) });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
  postgresTest(
    `${name} (PostgreSQL)`,
    (target) => body({ open: () => PostgresStore.open(target) }),
  );
}

/** A store that keeps its contents when it is reopened, because nothing closes it. */
export function lasting(store: LinkStore): { open(): LinkStore } {
  const lasting = wrapStore(store, { close: () => Promise.resolve() });
  return { open: () => lasting };
}

/**
 * Limits for a shared store that one SuperLink uses. It looks for others seldom, because tests let months pass; twins_test
 * has the real limits.
 */
const SELDOM = { relookSeconds: 600, serverLeaseSeconds: 1800, stallSeconds: Infinity };

/** Registers a test of the whole domain for each kind of store. */
export function linkTest(
  name: string,
  body: (bench: Bench) => Promise<void>,
  limits: Partial<LinkLimits> = {},
): void {
  storeTest(name, async (stores) => {
    const bench = new Bench(stores, limits);
    await bench.start();
    try {
      await body(bench);
    } finally {
      await bench.link.close();
    }
  });
}

/** A SuperLink's domain under test, with a clock that only the test advances. */
export class Bench {
  readonly clock: FakeClock;
  readonly random: Random;
  readonly events: LinkEvent[] = [];
  /** Names in the operator's key list, by key in hexadecimal. */
  readonly listedNames = new Map<string, string>();
  readonly #stores: Reopenable;
  readonly #name: string;
  #limits: Partial<LinkLimits>;
  #made = 0;
  /** Number of transactions that began, and that ended. */
  #begun = 0;
  #ended = 0;
  store!: LinkStore;
  /** Where the SuperLink stores large objects, from its next start on. */
  large: LargeObjectStore | undefined;
  link!: Link;
  runId!: bigint;

  /**
   * @param twin another SuperLink on the same store
   * @param seed of its random numbers; another one for each twin
   */
  constructor(
    stores: Reopenable,
    limits: Partial<LinkLimits>,
    twin?: Bench,
    seed = twin === undefined ? 1 : 2,
  ) {
    this.#stores = stores;
    this.#limits = limits;
    this.clock = twin?.clock ?? new FakeClock();
    this.random = seededRandom(seed);
    this.#name = twin === undefined ? "" : `twin ${seed}'s `;
  }

  async start(): Promise<void> {
    await this.#open();
    this.runId = (await this.link.runs.start(BY_HAND)).run.runId;
  }

  /** Starts as the twin of a SuperLink, with the same run. */
  async join(twin: Bench): Promise<void> {
    await this.#open();
    this.runId = twin.runId;
  }

  /** Closes the domain and opens another one on the same store. @param limits replace the former ones */
  async restart(limits = this.#limits): Promise<void> {
    await this.link.close();
    this.#limits = limits;
    await this.#open();
  }

  async #open(): Promise<void> {
    this.store = await this.#stores.open();
    const transaction = this.store.transaction.bind(this.store);
    this.store.transaction = async (...work) => {
      this.#begun++;
      try {
        return await transaction(...work);
      } finally {
        this.#ended++;
      }
    };
    this.link = await createLink({
      listedName: (publicKey) => this.listedNames.get(publicKey.toHex()),
      store: this.store,
      ...(this.large && { large: this.large }),
      clock: this.clock,
      random: this.random,
      limits: { ...(this.store.isShared && SELDOM), ...this.#limits },
      messageObject: errorObject,
      onEvent: (event) => this.events.push(event),
    });
  }

  /** Joins a node, which is online for `heartbeatInterval` seconds. */
  async node(heartbeatInterval = 30, publicKey?: Uint8Array): Promise<bigint> {
    const input = { heartbeatInterval, ...(publicKey && { publicKey }) };
    return (await this.link.nodes.create(input)).nodeId;
  }

  instruction(dstNodeId: bigint, changes: Partial<NewLinkMessage> = {}): NewLinkMessage {
    return {
      messageId: `${this.#name}instruction ${++this.#made}`,
      runId: this.runId,
      srcNodeId: SUPERLINK_NODE_ID,
      dstNodeId,
      replyToMessageId: "",
      groupId: "1",
      messageType: "train",
      createdAt: this.clock.now(),
      ttl: 3600,
      content: MODEL.id,
      ...changes,
    };
  }

  /** Pushes one instruction, which must be accepted. */
  async push(dstNodeId: bigint, changes: Partial<NewLinkMessage> = {}): Promise<LinkMessage> {
    const message = this.instruction(dstNodeId, changes);
    return await this.take(message, MODEL_OBJECTS);
  }

  reply(instruction: LinkMessage, changes: Partial<NewLinkMessage> = {}): NewLinkMessage {
    const { messageId, pushedAt: _, delivery: __, ...fields } = {
      delivery: undefined,
      ...instruction,
    };
    const createdAt = this.clock.now();
    return {
      ...fields,
      messageId: `${this.#name}reply ${++this.#made} to ${messageId}`,
      srcNodeId: instruction.dstNodeId,
      dstNodeId: SUPERLINK_NODE_ID,
      replyToMessageId: messageId,
      createdAt,
      ttl: instruction.createdAt + instruction.ttl - createdAt,
      content: UPDATE.id,
      ...changes,
    };
  }

  /** Pushes a reply, which must be accepted. */
  async answer(instruction: LinkMessage, changes: Partial<NewLinkMessage> = {}) {
    const reply = this.reply(instruction, changes);
    return await this.take(reply, UPDATE_OBJECTS);
  }

  /** Pushes a message, which must be accepted. */
  async take(
    message: NewLinkMessage,
    objects: readonly LinkObject[] = MODEL_OBJECTS,
  ): Promise<LinkMessage> {
    const pushedAt = this.clock.now();
    const refusal = await this.refusalOf(message, objects);
    if (refusal !== undefined) throw new Error(refusal.reason);
    return { ...message, pushedAt };
  }

  /**
   * Pushes a message with these objects and its own.
   *
   * @param nodeId the caller; default: the sender in the message
   * @returns why it was refused; undefined if it was accepted
   */
  async refusalOf(
    message: NewLinkMessage,
    objects: readonly LinkObject[],
    nodeId?: bigint,
  ): Promise<MessageRefusal | undefined> {
    const all = [...objects, rootOf(message)];
    const [refusal] = await pushComplete(this.link, [message], all, nodeId);
    return refusal;
  }

  /** The stored objects of a root's tree, children first, each once. @throws not-found */
  stored(root: ObjectId): Promise<LinkObject[]> {
    return this.store.transaction("relaxed", (tx) => readTree(tx, root));
  }

  /** Advances the clock in steps, and waits at each step for woken work. */
  async pass(seconds: number, steps = 10): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await this.clock.advance(seconds / steps);
      await this.quiet();
    }
  }

  /** Waits until no transaction starts another one. Those of a database server take turns of the event loop. */
  async quiet(): Promise<void> {
    for (let before = -1; before !== this.#begun || this.#ended < this.#begun;) {
      before = this.#begun;
      await this.store.usage();
      await settle();
    }
  }

  eventsOf<K extends LinkEvent["kind"]>(kind: K): Extract<LinkEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<LinkEvent, { kind: K }> =>
      event.kind === kind
    );
  }
}

/** An object with any id instead of a hash. The domain does not check it. */
export function object(name: string, children: readonly LinkObject[] = []): LinkObject {
  return {
    id: name,
    bytes: new TextEncoder().encode(`bytes of ${name}`),
    children: children.map(({ id }) => id),
  };
}

/** A message's own object, with the message's id. */
export function rootOf({ messageId, content }: NewLinkMessage): LinkObject {
  return { ...object(messageId), children: content === undefined ? [] : [content] };
}

/** The object of an error reply. Equal errors have equal ids. */
export function errorObject(draft: MessageDraft): LinkObject {
  const { replyToMessageId, createdAt, error } = draft;
  return object(`error ${error?.code} for ${replyToMessageId} at ${createdAt}`);
}

const LAYER = object("layer");
/** Content of instructions. */
export const MODEL = object("model", [object("weights"), LAYER]);
export const MODEL_OBJECTS = [object("weights"), LAYER, MODEL];
/** Content of replies, which shares an object with the model. */
export const UPDATE = object("update", [object("gradients"), LAYER]);
export const UPDATE_OBJECTS = [object("gradients"), LAYER, UPDATE];

/** Usage of a store without messages, except for nodes, runs and logs. */
export const NOTHING_UNDER_WAY: Omit<StoreUsage, "nodes" | "runs" | "logEntries"> = {
  instructions: 0,
  replies: 0,
  objects: 0,
  objectChildren: 0,
  pushes: 0,
  pushObjects: 0,
  announced: 0,
  fabs: 0,
  nodeSettings: 0,
  artifacts: 0,
  pieces: 0,
  fabPieces: 0,
  strayReplies: 0,
  garbage: 0,
};
