import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { sha256Hex } from "../../base/platform.ts";
import { settle } from "../../base/testing/settle.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import { DEFAULT_GARBAGE_LIMITS } from "../../link/collect_garbage.ts";
import { ORPHAN_SECONDS } from "../../link/objects/large_objects.ts";
import { newLocation } from "../../link/objects/object_store.ts";
import { MemoryObjectStore } from "../../link/objects/testing/memory_object_store.ts";
import { Bench, object, type Reopenable, rootOf, storeTest } from "./harness.ts";
import { wholePush } from "./push_complete.ts";

type BenchLimits = ConstructorParameters<typeof Bench>[1];

/** Smallest size that goes into the object store: more than the bytes of a message. */
const FROM = 100;
/** A model with a large layer and a small one. */
const LARGE = object("large layer".repeat(20));
const SMALL = object("small layer");
const MODEL = object("a model", [LARGE, SMALL]);
const MODEL_OBJECTS = [LARGE, SMALL, MODEL];

/** Registers a test of a SuperLink with an object store, over each kind of store. */
function objectStoreTest(
  name: string,
  body: (bench: Bench, objects: MemoryObjectStore, stores: Reopenable) => Promise<void>,
  limits: BenchLimits = {},
): void {
  storeTest(name, async (stores) => {
    const bench = new Bench(stores, limits);
    const objects = new MemoryObjectStore(bench.clock);
    bench.large = { store: objects, from: FROM };
    await bench.start();
    try {
      await body(bench, objects, stores);
    } finally {
      await bench.link.close();
    }
  });
}

/** Lets all that is garbage be removed. */
async function collect(bench: Bench): Promise<void> {
  await bench.pass(DEFAULT_GARBAGE_LIMITS.garbageGraceSeconds + 60, 12);
}

/** The places of the database's objects. */
function placesOf(bench: Bench, ids: readonly ObjectId[]) {
  return bench.store.transaction("relaxed", (tx) => tx.objects.places(ids));
}

async function pulled(bench: Bench, nodeId: bigint, id: ObjectId): Promise<Uint8Array | undefined> {
  const caller = { nodeId, runId: bench.runId };
  return (await bench.link.objects.pull(caller, id)).bytes;
}

objectStoreTest("only large objects go into the object store", async (bench, objects) => {
  const nodeId = await bench.node(1000);
  const message = await bench.take(
    bench.instruction(nodeId, { content: MODEL.id }),
    MODEL_OBJECTS,
  );
  const places = await placesOf(bench, [LARGE.id, SMALL.id, MODEL.id, message.messageId]);
  assert.deepEqual([...places.keys()], [LARGE.id]);
  assert.deepEqual([...objects.stored.keys()], [places.get(LARGE.id)!.location]);
  assert.equal(await pulled(bench, nodeId, LARGE.id), undefined);
  await bench.link.messages.pullInstruction(nodeId);
  for (const { id, bytes } of MODEL_OBJECTS) {
    assert.deepEqual(await pulled(bench, nodeId, id), bytes);
  }
  const sizes: number[] = [];
  const caller = { nodeId, runId: bench.runId };
  const makeRoom = (bytes: number) => Promise.resolve(void sizes.push(bytes));
  await bench.link.objects.pull(caller, LARGE.id, makeRoom);
  assert.deepEqual(sizes, [LARGE.bytes.length]);
  const wanted = { messageIds: [message.messageId], maxBytes: 10_000, maxObjects: 10 };
  const together = await bench.link.objects.pullTogether(caller, wanted);
  assert.deepEqual(
    together.objects.find(({ id }) => id === LARGE.id)?.bytes,
    LARGE.bytes,
  );
  assert.equal(together.objects.length, 4);
});

objectStoreTest("an object that is pushed by itself is stored once", async (bench, objects) => {
  const nodeIds = [await bench.node(1000), await bench.node(1000)];
  const messages = nodeIds.map((nodeId) => bench.instruction(nodeId, { content: MODEL.id }));
  const tree = (id: ObjectId) =>
    new Map([[id, [MODEL.id]], [MODEL.id, MODEL.children], [LARGE.id, []], [SMALL.id, []]]);
  const caller = { nodeId: SUPERLINK_NODE_ID, runId: bench.runId };
  const { sessionId } = await bench.link.messages.openPush({
    ...caller,
    messages,
    trees: messages.map(({ messageId }) => tree(messageId)),
  });
  const put = (object: LinkObject, session = sessionId) =>
    bench.link.messages.putObject({ ...caller, sessionId: session }, object);
  // Nobody announced it.
  assert.equal(await put(object("another layer".repeat(20))), false);
  assert.equal(await put(LARGE, "another session"), false);
  assert.equal(objects.begun, 0);
  // Two calls at once: a client repeats one whose answer is late.
  assert.deepEqual(await Promise.all([put(LARGE), put(LARGE)]), [true, true]);
  assert.equal(objects.stored.size, 1);
  assert.equal(await put(LARGE), true);
  assert.equal(objects.stored.size, 1);
  for (const each of [SMALL, MODEL, ...messages.map(rootOf)]) await put(each);
  for (const nodeId of nodeIds) await bench.link.messages.pullInstruction(nodeId);
  assert.deepEqual(await pulled(bench, nodeIds[1]!, LARGE.id), LARGE.bytes);
});

objectStoreTest("bytes are removed after their object, and not at once", async (bench, objects) => {
  const nodeId = await bench.node(1000);
  const instruction = bench.instruction(nodeId, { content: MODEL.id });
  await bench.take(instruction, MODEL_OBJECTS);
  const [former] = objects.stored.keys();
  const pushed = (await bench.link.messages.pullInstruction(nodeId))!;
  await bench.answer(pushed);
  assert.equal((await placesOf(bench, [LARGE.id])).size, 0);
  assert.equal(objects.stored.size, 1);
  // The same object comes back before its former bytes are removed.
  await bench.take(bench.instruction(nodeId, { content: MODEL.id }), MODEL_OBJECTS);
  assert.equal(objects.stored.size, 2);
  await collect(bench);
  const { location } = (await placesOf(bench, [LARGE.id])).get(LARGE.id)!;
  assert.deepEqual([...objects.stored.keys()], [location]);
  assert.notEqual(location, former);
  assert.equal((await bench.store.usage()).garbage, 0);
  await bench.link.messages.pullInstruction(nodeId);
  assert.deepEqual(await pulled(bench, nodeId, LARGE.id), LARGE.bytes);
});

objectStoreTest("a refused push leaves no bytes", async (bench, objects) => {
  const nodeId = await bench.node(1000);
  const refused = bench.instruction(nodeId, { content: MODEL.id, ttl: -1 });
  assert.notEqual(await bench.refusalOf(refused, MODEL_OBJECTS), undefined);
  await collect(bench);
  assert.equal(objects.stored.size, 0);
  assert.equal((await bench.store.usage()).objects, 0);
});

objectStoreTest(
  "while the object store is away, calls fail and the rest goes on",
  async (bench, objects) => {
    const nodeId = await bench.node(1000);
    const message = bench.instruction(nodeId, { content: MODEL.id });
    objects.isAway = true;
    const unavailable = (error: unknown) =>
      error instanceof FlwrError && error.code === "unavailable";
    await assert.rejects(() => bench.take(message, MODEL_OBJECTS), unavailable);
    await assert.rejects(() => bench.take(message, MODEL_OBJECTS), unavailable);
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
    await bench.push(nodeId);
    objects.isAway = false;
    await bench.take(message, MODEL_OBJECTS);
    assert.deepEqual(
      bench.events.map(({ kind }) => kind).filter((kind) => kind.startsWith("object-store")),
      ["object-store-failed", "object-store-recovered"],
    );
    await bench.link.messages.pullInstruction(nodeId);
    await bench.link.messages.pullInstruction(nodeId);
    objects.isAway = true;
    await assert.rejects(() => pulled(bench, nodeId, LARGE.id), unavailable);
    assert.deepEqual(await pulled(bench, nodeId, SMALL.id), SMALL.bytes);
    objects.isAway = false;
    assert.deepEqual(await pulled(bench, nodeId, LARGE.id), LARGE.bytes);
  },
);

objectStoreTest("an object whose bytes are lost is refused with words", async (bench, objects) => {
  const nodeId = await bench.node(1000);
  await bench.take(bench.instruction(nodeId, { content: MODEL.id }), MODEL_OBJECTS);
  await bench.link.messages.pullInstruction(nodeId);
  objects.stored.clear();
  await assert.rejects(
    () => pulled(bench, nodeId, LARGE.id),
    (error) =>
      error instanceof FlwrError && error.code === "data-loss" &&
      /"memory"/.test(error.hints.join()),
  );
});

objectStoreTest(
  "an object that is removed while it is read is not found",
  async (bench, objects) => {
    const nodeId = await bench.node(1000);
    await bench.take(bench.instruction(nodeId, { content: MODEL.id }), MODEL_OBJECTS);
    const pushed = (await bench.link.messages.pullInstruction(nodeId))!;
    objects.onStep = async (operation) => {
      if (operation !== "get") return;
      objects.onStep = () => {};
      await bench.answer(pushed);
      objects.stored.clear();
    };
    assert.equal(await pulled(bench, nodeId, LARGE.id), undefined);
  },
);

objectStoreTest(
  "what crashes leave is found, and nothing else is removed",
  async (bench, objects) => {
    const nodeId = await bench.node(1000);
    const instruction = bench.instruction(nodeId, { content: MODEL.id, ttl: 1_000_000 });
    await bench.take(instruction, MODEL_OBJECTS);
    const kept = [...objects.stored.keys()];
    // More than two pages. Some belong to transactions that may be under way.
    const orphans = Array.from({ length: 8 }, (_, nth) => newLocation(sha256Hex(`${nth}`), 1n));
    for (const location of orphans) await objects.put(location, LARGE.bytes);
    await objects.put(newLocation(LARGE.id, 1n), LARGE.bytes);
    await bench.pass(ORPHAN_SECONDS - 100, 20);
    assert.equal(objects.stored.size, kept.length + orphans.length + 1);
    await bench.pass(DEFAULT_GARBAGE_LIMITS.orphanSearchSeconds - ORPHAN_SECONDS, 100);
    await objects.put("young", LARGE.bytes);
    await bench.pass(1800, 20);
    assert.deepEqual([...objects.stored.keys()].sort(), [...kept, "young"].sort());
    const removed = bench.eventsOf("orphans-removed").reduce(
      (sum, { objects }) => sum + objects,
      0,
    );
    assert.equal(removed, orphans.length + 1);
  },
);

objectStoreTest(
  "bytes that cannot be removed keep no others from being removed",
  async (bench, objects) => {
    const nodeId = await bench.node(1000);
    // One that was removed from the database, and one that a crash left. Both come first in their orders.
    await bench.take(bench.instruction(nodeId, { content: MODEL.id }), MODEL_OBJECTS);
    const [garbage] = objects.stored.keys();
    await bench.answer((await bench.link.messages.pullInstruction(nodeId))!);
    const orphan = newLocation("0".repeat(64), 0n);
    await objects.put(orphan, LARGE.bytes);
    for (const location of [garbage!, orphan]) objects.stuck.add(location);
    await collect(bench);
    assert.deepEqual([...objects.stored.keys()], [garbage, orphan]);

    // More than one page of orphans, and another object that is removed from the database.
    const orphans = Array.from({ length: 4 }, (_, nth) => newLocation(sha256Hex(`${nth}`), 1n));
    for (const location of orphans) await objects.put(location, LARGE.bytes);
    await bench.take(bench.instruction(nodeId, { content: MODEL.id }), MODEL_OBJECTS);
    await bench.answer((await bench.link.messages.pullInstruction(nodeId))!);
    await collect(bench);
    assert.deepEqual([...objects.stored.keys()], [garbage, orphan, ...orphans]);
    assert.equal((await bench.store.usage()).garbage, 1);
    await bench.pass(DEFAULT_GARBAGE_LIMITS.orphanSearchSeconds + ORPHAN_SECONDS, 100);
    await bench.pass(600, 20);
    assert.deepEqual([...objects.stored.keys()], [garbage, orphan]);

    objects.stuck.clear();
    await bench.pass(1200, 40);
    assert.equal((await bench.store.usage()).garbage, 0);
    await bench.pass(DEFAULT_GARBAGE_LIMITS.orphanSearchSeconds, 100);
    assert.equal(objects.stored.size, 0);
  },
);

objectStoreTest(
  "an object store that is away gets few calls to remove bytes",
  async (bench, objects) => {
    const nodeId = await bench.node(1000);
    const many = Array.from({ length: 60 }, (_, nth) => object(`layer ${nth} `.repeat(20)));
    const model = object("a large model", many);
    await bench.take(bench.instruction(nodeId, { content: model.id }), [...many, model]);
    await bench.answer((await bench.link.messages.pullInstruction(nodeId))!);
    objects.isAway = true;
    const { begun } = objects;
    await bench.pass(DEFAULT_GARBAGE_LIMITS.garbageGraceSeconds + 60, 6);
    const { garbage } = await bench.store.usage();
    assert.equal(garbage, many.length);
    const calls = objects.begun - begun;
    assert.ok(calls > 0 && calls <= 4 * 6, `${calls} calls`);
    objects.isAway = false;
    await bench.pass(1200, 40);
    assert.equal(objects.stored.size, 0);
  },
);

objectStoreTest("an object that took too long to store is not added", async (bench, objects) => {
  const nodeId = await bench.node(1000);
  const message = bench.instruction(nodeId, { content: MODEL.id });
  objects.onStep = (operation) =>
    operation === "put" ? bench.clock.advance(ORPHAN_SECONDS) : undefined;
  await assert.rejects(
    () => bench.take(message, MODEL_OBJECTS),
    (error) => error instanceof FlwrError && error.code === "unavailable",
  );
  assert.equal((await placesOf(bench, [LARGE.id])).size, 0);
});

storeTest("an object store belongs to one database", async (stores) => {
  const bench = new Bench(stores, {});
  const objects = new MemoryObjectStore(bench.clock);
  await objects.owner("another database");
  bench.large = { store: objects, from: FROM };
  const refused = (error: unknown) =>
    error instanceof FlwrError && error.code === "failed-precondition";
  await assert.rejects(() => bench.start(), refused);
  bench.large = { store: new MemoryObjectStore(bench.clock), from: FROM };
  await bench.start();
  const nodeId = await bench.node(1000);
  await bench.take(bench.instruction(nodeId, { content: MODEL.id }), MODEL_OBJECTS);
  await bench.link.close();
  const own = bench.large;
  // Its objects are there, so neither another one nor none will do.
  bench.large = { store: new MemoryObjectStore(bench.clock), from: FROM };
  await assert.rejects(() => bench.start(), refused);
  bench.large = undefined;
  await assert.rejects(() => bench.start(), refused);
  bench.large = own;
  await bench.restart();
  const pushed = (await bench.link.messages.pullInstruction(nodeId))!;
  await bench.answer(pushed);
  bench.large = undefined;
  await bench.restart();
  await settle();
  await bench.link.close();
});

objectStoreTest("a push that is refused leaves no bytes", async (bench, objects) => {
  const nodeId = await bench.node(1000);
  const large = object("large ".repeat(1000));
  const missing = object("missing");
  const model = object("model", [large, missing]);
  const message = bench.instruction(nodeId, { content: model.id });
  const push = wholePush([message], [large, missing, model, rootOf(message)]);
  const inlineObjects = new Map(push.inlineObjects);
  inlineObjects.delete(missing.id);
  await assert.rejects(bench.link.messages.openPush({ ...push, inlineObjects }), {
    code: "resource-exhausted",
  });
  assert.equal(objects.stored.size, 0);
}, { maxOpenPushBytes: 3000 });
