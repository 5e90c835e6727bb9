import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { settle } from "../../base/testing/settle.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { NewLinkMessage } from "../../entities/message.ts";
import type { ObjectId } from "../../entities/object.ts";
import { DEFAULT_GARBAGE_LIMITS } from "../../link/collect_garbage.ts";
import type { HandedInstruction } from "../../link/messages/messages.ts";
import { MemoryObjectStore } from "../../link/objects/testing/memory_object_store.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import type { LinkStore } from "../../link/store/store.ts";
import { interleave } from "../../link/store/testing/interleave.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { cuttable } from "./cut_store.ts";
import { Bench, lasting, object, rootOf } from "./harness.ts";
import { wholePush } from "./push_complete.ts";

// Random histories of two SuperLinks on one database and one object store. Both store the same few objects again and
// again, at the same time. Each can lose the database at any moment, also between the bytes and their object, and the
// object store can go away. Whatever happens, each object of the database has its bytes, and in the end no bytes are
// left over.

const SEEDS = NIGHTLY ? 400 : 10;
const STEPS = 120;
/** Objects are few, so that they are often removed and stored at the same time. */
const LAYERS = [object("layer 1"), object("layer 2"), object("layer 3")];
const MODELS = [object("model 1", LAYERS.slice(0, 2)), object("model 2", LAYERS.slice(1))];
const IDS = [...LAYERS, ...MODELS].map(({ id }) => id);
const TTL = 1_000;

interface Server {
  readonly bench: Bench;
  /** Number of transactions after which the database cannot be reached; Infinity: it can. */
  cutAfter: number;
}

class History {
  readonly #random: Random;
  readonly #store: LinkStore;
  readonly #objects: MemoryObjectStore;
  readonly #servers: Server[] = [];
  readonly #work: HandedInstruction[] = [];
  #nodeId = 0n;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#store = lasting(interleave(new MemoryStore(), seed)).open();
    const first = this.#newServer();
    this.#objects = new MemoryObjectStore(first.bench.clock, seed);
    for (const { bench } of [first, this.#newServer(first.bench)]) {
      bench.large = { store: this.#objects, from: 0 };
    }
  }

  async run(): Promise<void> {
    const [first, second] = this.#servers as [Server, Server];
    await first.bench.start();
    await second.bench.join(first.bench);
    this.#nodeId = await first.bench.node(1800);
    for (let step = 0; step < STEPS; step++) {
      const several = Array.from({ length: 1 + this.#pick(4) }, () => this.#step());
      await Promise.all(several);
      await this.#checkBytes();
    }
    await this.#finish();
  }

  #newServer(twin?: Bench): Server {
    const server: Server = {
      cutAfter: Infinity,
      bench: new Bench(
        {
          open: () =>
            cuttable(this.#store, { isCutOff: () => server.cutAfter-- <= 0, isDeaf: () => false }),
        },
        {},
        twin,
      ),
    };
    this.#servers.push(server);
    return server;
  }

  #pick(count: number): number {
    return Math.floor(this.#random.uniform() * count);
  }

  async #step(): Promise<void> {
    const { bench } = this.#servers[this.#pick(2)]!;
    switch (this.#pick(12)) {
      case 0:
      case 1:
      case 2:
        return await unlessAway(this.#pushWhole(bench, this.#instruction(bench)));
      case 3:
      case 4:
        return await unlessAway(this.#pushApart(bench, this.#instruction(bench)));
      case 5:
      case 6:
        return await unlessAway(this.#pull(bench));
      case 7:
      case 8:
        return await unlessAway(this.#answer(bench));
      case 9:
        this.#servers.forEach((each) =>
          each.cutAfter = this.#pick(3) === 0 ? this.#pick(4) : Infinity
        );
        return;
      case 10:
        this.#objects.isAway = this.#pick(4) === 0;
        return;
      default:
        await bench.clock.advance(
          [1, 60, DEFAULT_GARBAGE_LIMITS.garbageGraceSeconds][this.#pick(3)]!,
        );
        return await settle();
    }
  }

  #instruction(bench: Bench): NewLinkMessage {
    const content = MODELS[this.#pick(2)]!.id;
    return bench.instruction(this.#nodeId, { content, ttl: TTL });
  }

  /** Pushes a message with all its objects in one call. */
  async #pushWhole(bench: Bench, message: NewLinkMessage): Promise<void> {
    await bench.link.messages.openPush(
      wholePush([message], [...LAYERS, ...MODELS, rootOf(message)]),
    );
  }

  /** Announces a message, and then pushes its objects at once. Some pushes are never finished. */
  async #pushApart(bench: Bench, message: NewLinkMessage): Promise<void> {
    const { inlineObjects, ...bare } = wholePush([message], [
      ...LAYERS,
      ...MODELS,
      rootOf(message),
    ]);
    const { missing, sessionId } = await bench.link.messages.openPush(bare);
    const pusher = { nodeId: message.srcNodeId, runId: message.runId, sessionId };
    const sent = this.#pick(4) === 0 ? missing.slice(1) : missing;
    await Promise.all(
      sent.map((id) => bench.link.messages.putObject(pusher, inlineObjects!.get(id)!.object)),
    );
  }

  /** Takes an instruction, and reads all its objects. */
  async #pull(bench: Bench): Promise<void> {
    const instruction = await bench.link.messages.pullInstruction(this.#nodeId);
    if (instruction === undefined) return;
    this.#work.push(instruction);
    const caller = { nodeId: this.#nodeId, runId: bench.runId };
    for (const id of IDS) await bench.link.objects.pull(caller, id);
    const wanted = { messageIds: [instruction.messageId], maxBytes: 10_000, maxObjects: 10 };
    await bench.link.objects.pullTogether(caller, wanted);
  }

  async #answer(bench: Bench): Promise<void> {
    const instruction = this.#work[this.#pick(this.#work.length)];
    if (instruction === undefined) return;
    await this.#pushWhole(bench, bench.reply(instruction, { content: MODELS[this.#pick(2)]!.id }));
    const { runId } = bench;
    const wanted = [instruction.messageId];
    await bench.link.messages.pullReplies(wanted, { runId });
    if (this.#pick(2) === 0) {
      const caller = { nodeId: SUPERLINK_NODE_ID, runId };
      for (const id of IDS) await bench.link.objects.pull(caller, id);
    }
  }

  /** Each object of the database has its bytes. */
  async #checkBytes(): Promise<void> {
    const places = await this.#store.transaction("relaxed", (tx) => tx.objects.places(IDS));
    for (const [id, { location }] of places) assertStored(this.#objects, id, location);
  }

  async #finish(): Promise<void> {
    this.#objects.isAway = false;
    for (const server of this.#servers) server.cutAfter = Infinity;
    const { bench } = this.#servers[0]!;
    // All instructions expire, and so do their replies. What a cut left is found by a search.
    const hours = 4 * DEFAULT_GARBAGE_LIMITS.orphanSearchSeconds / 3600;
    for (let hour = 0; hour < hours; hour++) {
      await bench.clock.advance(3600);
      await settle();
      for (let page = 0; page < 12; page++) {
        await bench.clock.advance(DEFAULT_GARBAGE_LIMITS.garbageSeconds);
        await settle();
      }
    }
    await this.#checkBytes();
    const { objects, garbage } = await this.#store.usage();
    assert.deepEqual({ objects, garbage, bytes: [...this.#objects.stored.keys()] }, {
      objects: 0,
      garbage: 0,
      bytes: [],
    });
    for (const { bench } of this.#servers) await bench.link.close();
  }
}

function assertStored(objects: MemoryObjectStore, id: ObjectId, location: string): void {
  assert.ok(objects.stored.has(location), `"${id}" has no bytes at ${location}`);
}

/** Lets calls fail that could not reach a store, and those that came too late. */
async function unlessAway(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof FlwrError, `${error}`);
    assert.ok(["unavailable", "not-found", "failed-precondition"].includes(error.code), `${error}`);
  }
}

Deno.test("whatever happens to two SuperLinks, each object has its bytes", async () => {
  const first = NIGHTLY ? Math.floor(Math.random() * 1e9) : 1;
  for (let seed = first; seed < first + SEEDS; seed++) {
    try {
      await new History(seed).run();
    } catch (error) {
      throw new Error(`Seed ${seed}`, { cause: error });
    }
  }
});
