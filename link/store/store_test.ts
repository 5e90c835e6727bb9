import fc from "fast-check";
import assert from "node:assert/strict";
import type { LinkMessage } from "../../entities/message.ts";
import type { InstructionRecord } from "../messages/message_tables.ts";
import type { NodeRecord } from "../nodes/node_table.ts";
import { linkMessage, nodeRecord, runRecord } from "../testing/records.ts";
import type { LinkTables } from "./store.ts";
import { eachStore } from "./testing/each_store.ts";
import { anyCharacter } from "../../base/testing/texts.ts";

const MESSAGE = linkMessage();

const uint64 = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const time = fc.double({ min: 0, max: 1e10, noNaN: true });

/** Text with NUL, a byte order mark, and characters beyond 16 bits. */
const text = fc.oneof(
  fc.constantFrom("", "\0", "a\0b", "\ufeffmark"),
  fc.string({ unit: anyCharacter }),
);
const plain = { noNullPrototype: true };

const messages: fc.Arbitrary<LinkMessage> = fc.record({
  messageId: fc.uuid(),
  runId: fc.constant(3n),
  srcNodeId: uint64,
  dstNodeId: uint64,
  replyToMessageId: fc.constant(""),
  groupId: text,
  messageType: text,
  createdAt: time,
  pushedAt: time,
  ttl: time,
}, plain).chain((base) =>
  fc.oneof(
    fc.constant({ ...base, content: "f".repeat(64) }),
    fc.record({ code: fc.integer({ min: -5, max: 1000 }), reason: text }, plain)
      .map((error) => ({ ...base, error })),
  )
);

eachStore("a message is read as it was written", async (store) => {
  await fc.assert(
    fc.asyncProperty(messages, (message) =>
      store.transaction("relaxed", async (tx) => {
        await tx.runs.put(runRecord());
        const record: InstructionRecord = {
          message,
          state: "handed-out",
          deliveries: 3,
          replyPulled: true,
          dueAt: message.createdAt,
        };
        await tx.instructions.addAll([record]);
        assert.deepEqual(await tx.instructions.get([message.messageId]), [record]);
        const reply = { ...message, replyToMessageId: message.messageId };
        await tx.replies.put(reply);
        assert.deepEqual(await tx.replies.to([message.messageId, "other"]), [reply]);
        assert.deepEqual(await tx.nextDue(), record.dueAt);
        await tx.instructions.remove(message.messageId);
        assert.deepEqual(await tx.replies.to([message.messageId]), []);
      })),
    { numRuns: 100, seed: 11 },
  );
});

eachStore("a node is read as it was written, by id and by key", async (store) => {
  await store.transaction("relaxed", async (tx) => {
    const first: NodeRecord = {
      nodeId: 2n ** 64n - 1n,
      publicKey: new Uint8Array([0, 255, 1]),
      state: "online",
      onlineUntil: 1_800_000_000.25,
      heartbeatInterval: 30,
      registeredBy: "owner",
      name: "left\0right",
      location: "48.1,11.6",
      registeredAt: 1_700_000_000.5,
      activatedAt: 1_700_000_001,
      deactivatedAt: 1_700_000_002,
      unregisteredAt: 1_700_000_003,
      session: "",
      joins: 3,
      dueAt: 1_800_000_000.25,
    };
    const second: NodeRecord = {
      nodeId: 2n,
      state: "offline",
      onlineUntil: 5,
      heartbeatInterval: 1.5,
      registeredBy: "self",
      registeredAt: 5,
      joins: 0,
    };
    for (const node of [first, second]) {
      await tx.nodes.put(node);
      assert.deepEqual(await tx.nodes.get(node.nodeId), node);
    }
    assert.deepEqual(await tx.nodes.byKey(new Uint8Array([0, 255, 1])), first);
    assert.equal(await tx.nodes.byKey(new Uint8Array([0, 255])), undefined);
    assert.deepEqual(await tx.nodes.online(), [first]);
    assert.deepEqual(await tx.nodes.absent(), [second]);
    assert.equal(await tx.nodes.countForgettable(), 0);
    const passing = [3n, 4n, 5n].map((nodeId): NodeRecord => ({
      ...second,
      nodeId,
      dueAt: 2_000_000_000 - Number(nodeId),
      ...(nodeId === 5n && { activatedAt: 6 }),
    }));
    for (const node of passing) await tx.nodes.put(node);
    assert.equal(await tx.nodes.countForgettable(), 3);
    const ids = (await tx.nodes.forgettable(5)).map(({ nodeId }) => nodeId);
    assert.deepEqual(ids, [4n, 3n, 5n]);
    assert.equal((await tx.nodes.forgettable(2)).length, 2);
    for (const node of passing) await tx.nodes.remove(node.nodeId);
    assert.deepEqual(await tx.nodes.due(1_800_000_000.25, 5), [first]);
    assert.deepEqual(await tx.nodes.due(1_800_000_000.2, 5), []);
    await tx.nodes.remove(first.nodeId);
    assert.equal(await tx.nodes.byKey(new Uint8Array([0, 255, 1])), undefined);
    assert.equal(await tx.nextDue(), undefined);
  });
});

eachStore("instructions come in the order in which they were added", async (store) => {
  await store.transaction("relaxed", async (tx) => {
    await tx.runs.put(runRecord());
    const progress = { state: "waiting", deliveries: 0, replyPulled: false, dueAt: 10 } as const;
    for (const [index, messageId] of ["c", "a", "b"].entries()) {
      await tx.instructions.addAll([{
        ...progress,
        dueAt: 10 - index,
        message: { ...MESSAGE, messageId },
      }]);
    }
    const ids = (records: readonly InstructionRecord[]) =>
      records.map(({ message }) => message.messageId).join("");
    const expiry = MESSAGE.createdAt + MESSAGE.ttl;
    const next = async (now = 0, deliveries = 5) =>
      (await tx.instructions.nextWaiting(9n, now, deliveries))?.message.messageId;
    assert.equal(ids(await tx.instructions.openOf(9n)), "cab");
    assert.equal(ids(await tx.instructions.get(["a", "b", "c", "d", "a"])), "cab");
    assert.equal(ids(await tx.instructions.due(9, 5)), "ba");
    assert.equal(ids(await tx.instructions.due(10, 2)), "ba");
    assert.equal(await next(), "c");
    assert.equal(await next(expiry), undefined);
    assert.equal(await next(expiry - 0.25), "c");
    await tx.instructions.update("c", { ...progress, state: "handed-out", deliveries: 1 });
    await tx.instructions.update("a", { ...progress, deliveries: 2 });
    assert.equal(await next(), "a");
    assert.equal(await next(0, 2), "b");
    assert.equal(ids(await tx.instructions.handedOut()), "c");
    assert.equal(ids(await tx.instructions.handedOutTo(9n)), "c");
    assert.equal(ids(await tx.instructions.handedOutTo(8n)), "");
    await tx.instructions.update("b", { ...progress, state: "handed-out", deliveries: 1 });
    assert.equal(ids(await tx.instructions.handedOutTo(9n)), "cb");
    await tx.instructions.update("b", progress);
    await tx.instructions.update("c", { ...progress, deliveries: 1 });
    assert.equal(await next(), "c");
    await tx.instructions.update("c", { ...progress, state: "answered" });
    assert.equal(ids(await tx.instructions.openOf(9n)), "ab");
    assert.equal(ids(await tx.instructions.handedOutTo(9n)), "");
    assert.equal(await tx.instructions.nextWaiting(8n, 0, 5), undefined);
  });
});

eachStore("records removed by a failed transaction return to their positions", async (store) => {
  await store.transaction("relaxed", async (tx) => {
    const ended = { state: "finished:completed", finishedAt: 7 } as const;
    for (const runId of [1n, 2n, 3n, 4n]) await tx.runs.put(runRecord({ runId, ...ended }));
    for (const runId of [5n, 6n]) await tx.runs.put(runRecord({ runId, state: "pending" }));
    for (let at = 1; at <= 5; at++) await tx.logs.add(4n, { at, end: at, text: `${at}` });
    for (const messageId of ["a", "b", "c"]) {
      const message = { ...MESSAGE, messageId, runId: 4n };
      await tx.instructions.addAll([{
        message,
        state: "waiting",
        deliveries: 0,
        replyPulled: false,
        dueAt: 9,
      }]);
    }
  });
  const failing = store.transaction("relaxed", async (tx) => {
    await tx.logs.trim(4n, 3, "…");
    await tx.runs.remove(2n);
    await tx.runs.remove(5n);
    await tx.instructions.remove("a");
    throw new Error("no");
  });
  await assert.rejects(failing);
  await store.transaction("relaxed", async (tx) => {
    const runs = await tx.runs.list(10, 0);
    assert.deepEqual(runs.map(({ runId }) => runId), [6n, 5n, 4n, 3n, 2n, 1n]);
    assert.equal((await tx.runs.oldestPending())?.runId, 5n);
    assert.equal((await tx.runs.firstFinished())?.runId, 1n);
    await tx.runs.remove(1n);
    assert.equal((await tx.runs.firstFinished())?.runId, 2n);
    const log = await tx.logs.since(4n, 0);
    assert.deepEqual(log.map(({ text }) => text), ["1", "2", "3", "4", "5"]);
    assert.equal(await tx.logs.size(4n), 5);
    const waiting = await tx.instructions.openOf(9n);
    assert.deepEqual(waiting.map(({ message }) => message.messageId), ["a", "b", "c"]);
  });
});

eachStore(
  "finished runs are counted, and found in the order in which they finished",
  async (store) => {
    const state = "finished:completed";
    await store.transaction("relaxed", async (tx) => {
      assert.deepEqual(await tx.runs.finished(), { runs: 0, logBytes: 0, artifactBytes: 0 });
      assert.equal(await tx.runs.firstFinished(), undefined);
      await tx.runs.put(runRecord({ runId: 1n }));
      await tx.runs.put(runRecord({ runId: 2n, dueAt: 7 }));
      await tx.runs.put(runRecord({ runId: 3n, state, finishedAt: 30, logBytes: 5 }));
      await tx.runs.put(runRecord({ runId: 4n, state, finishedAt: 10, logBytes: 0 }));
      const times = { finishedAt: 20, logRemovedAt: 40, artifactsRemovedAt: 50 };
      const second = runRecord({ runId: 5n, state, ...times, logBytes: 7, artifactBytes: 2 });
      await tx.runs.put(second);
      await tx.runs.put(runRecord({ runId: 6n, state, finishedAt: 40, artifactBytes: 9 }));
      assert.deepEqual(await tx.runs.finished(), { runs: 4, logBytes: 12, artifactBytes: 11 });
      assert.equal((await tx.runs.firstFinished())?.runId, 4n);
      assert.deepEqual(await tx.runs.firstFinished("log"), second);
      assert.deepEqual(await tx.runs.firstFinished("artifacts"), second);
      assert.deepEqual((await tx.runs.withoutDueTime()).map(({ runId }) => runId), [1n]);
      await tx.runs.remove(5n);
      assert.equal(await tx.runs.get(5n), undefined);
      assert.equal((await tx.runs.firstFinished("log"))?.runId, 3n);
      assert.equal((await tx.runs.firstFinished("artifacts"))?.runId, 6n);
      assert.deepEqual(await tx.runs.finished(), { runs: 3, logBytes: 5, artifactBytes: 9 });
    });
  },
);

eachStore("removing a run removes its token", async (store) => {
  await store.transaction("relaxed", async (tx) => {
    await tx.runs.put(runRecord({ tokenHash: "ab" }));
    await tx.runs.remove(3n);
    assert.equal(await tx.runs.byToken("ab"), undefined);
    await tx.runs.put(runRecord({ runId: 4n, tokenHash: "ab" }));
    assert.equal((await tx.runs.byToken("ab"))?.runId, 4n);
  });
});

eachStore("a log has a size, and is removed from its beginning", async (store) => {
  const add = (tx: LinkTables, at: number, end: number, text: string) =>
    tx.logs.add(3n, { at, end, text });
  const texts = async (tx: LinkTables) => (await tx.logs.since(3n, 0)).map(({ text }) => text);
  await store.transaction("relaxed", async (tx) => {
    await tx.runs.put(runRecord());
    assert.equal(await tx.logs.size(3n), 0);
    assert.equal(await tx.logs.removeFirst(3n, 10), false);
    await add(tx, 1, 4, "üü");
    await add(tx, 2, 7, "abc");
    await add(tx, 3, 8, "d");
    assert.equal(await tx.logs.size(3n), 8);
    await tx.logs.trim(3n, 4, "");
    assert.equal(await tx.logs.size(3n), 4);
  });
  const failure = new Error("changed my mind");
  await assert.rejects(
    store.transaction("relaxed", async (tx) => {
      assert.equal(await tx.logs.removeFirst(3n, 2), false);
      assert.deepEqual([await tx.logs.size(3n), await tx.logs.last(3n)], [0, undefined]);
      throw failure;
    }),
    failure,
  );
  await store.transaction("relaxed", async (tx) => {
    assert.deepEqual(await texts(tx), ["abc", "d"]);
    assert.equal((await tx.logs.last(3n))?.end, 8);
    const isLeft = await tx.logs.removeFirst(3n, 1);
    assert.deepEqual(await texts(tx), isLeft ? ["d"] : []);
    assert.equal(await tx.logs.size(3n), isLeft ? 1 : 0);
    assert.equal(await tx.logs.removeFirst(3n, 2), false);
    await add(tx, 9, 1, "e");
    assert.deepEqual([await texts(tx), await tx.logs.size(3n)], [["e"], 1]);
  });
});

eachStore("a log trimmed within a line is marked, and can be read in parts", async (store) => {
  await store.transaction("relaxed", async (tx) => {
    await tx.runs.put(runRecord());
    await tx.logs.trim(3n, 4, "…");
    for (const [place, text] of ["a\n", "bc", "d\n", "e\n"].entries()) {
      await tx.logs.add(3n, { at: place + 1, end: 2 * (place + 1), text });
      assert.equal((await tx.logs.last(3n))?.endsLine, place !== 1);
    }
    const read = async (after: number, bytes?: number) =>
      (await tx.logs.since(3n, after, bytes)).map(({ text }) => text);
    assert.deepEqual(await read(0, 0), ["a\n"]);
    assert.deepEqual(await read(0, 3), ["a\n", "bc"]);
    assert.deepEqual(await read(1, 4), ["bc", "d\n", "e\n"]);
    assert.deepEqual(await read(4, 4), []);
    await tx.logs.trim(3n, 2, "…");
    assert.deepEqual(await read(0), ["bc", "d\n", "e\n"], "trimmed at the end of a line");
    await tx.logs.trim(3n, 4, "…");
    assert.deepEqual(await read(0), ["…d\n", "e\n"]);
    await tx.logs.trim(3n, 4, "…");
    assert.deepEqual(await read(0), ["…d\n", "e\n"], "marked once");
  });
});

eachStore("a failed transaction changes nothing", async (store) => {
  const fill = async (tx: LinkTables, suffix: string) => {
    await tx.runs.put(runRecord({ fabId: suffix }));
    await tx.nodes.put(nodeRecord({ publicKey: new TextEncoder().encode(suffix) }));
    await tx.instructions.addAll([{
      message: { ...MESSAGE, messageId: suffix },
      state: "waiting",
      deliveries: 0,
      replyPulled: false,
      dueAt: 1,
    }]);
    await tx.replies.put({ ...MESSAGE, messageId: `reply ${suffix}`, replyToMessageId: suffix });
    await tx.objects.add({ id: suffix, bytes: new Uint8Array([1]), children: ["child"] }, {
      references: 1,
      waits: 0,
    });
  };
  const look = () =>
    store.transaction("relaxed", async (tx) => ({
      run: await tx.runs.get(3n),
      node: await tx.nodes.get(9n),
      byKey: await tx.nodes.byKey(new TextEncoder().encode("before")),
      open: await tx.instructions.openOf(9n),
      replies: await tx.replies.to(["before", "after"]),
      object: await tx.objects.get("before"),
      after: await tx.objects.counters("after"),
    }));
  await store.transaction("durable", (tx) => fill(tx, "before"));
  const before = { ...await look(), usage: await store.usage() };
  const failure = new Error("changed my mind");
  await assert.rejects(
    store.transaction("durable", async (tx) => {
      await tx.objects.addReferences("before", 1);
      await tx.instructions.update("before", {
        state: "answered",
        deliveries: 1,
        replyPulled: true,
        dueAt: 2,
      });
      await fill(tx, "after");
      await tx.instructions.remove("before");
      await tx.nodes.remove(9n);
      await tx.objects.removeAll(["before"]);
      throw failure;
    }),
    failure,
  );
  assert.deepEqual({ ...await look(), usage: await store.usage() }, before);
  const references = await store.transaction(
    "relaxed",
    (tx) => tx.objects.addReferences("before", -1),
  );
  assert.equal(references, 0);
});

eachStore("transactions do not interleave", async (store) => {
  const increments = Array.from({ length: 20 }, () =>
    store.transaction("relaxed", async (tx) => {
      const run = await tx.runs.get(3n);
      await Promise.resolve();
      const count = Number(run?.fabId ?? 0) + 1;
      await tx.runs.put(runRecord({ fabId: `${count}` }));
    }));
  await Promise.all(increments);
  const run = await store.transaction("relaxed", (tx) => tx.runs.get(3n));
  assert.equal(run?.fabId, "20");
});

eachStore("a closed store rejects transactions", async (store) => {
  await store.close();
  await assert.rejects(store.transaction("relaxed", (tx) => tx.runs.get(3n)), {
    code: "unavailable",
  });
  await store.close();
});

eachStore("a read-only transaction sees what was committed, and must not write", async (store) => {
  const run = runRecord({ runId: 1n, fabId: "app" });
  await store.transaction("relaxed", (tx) => tx.runs.put(run));
  const read = () => store.transaction("read-only", (tx) => tx.runs.get(1n));
  assert.equal((await read())?.fabId, "app");
  const writes: ((tx: LinkTables) => Promise<unknown>)[] = [
    (tx) => tx.runs.put({ ...run, fabId: "other" }),
    (tx) =>
      tx.instructions.addAll([{
        message: MESSAGE,
        state: "waiting",
        deliveries: 0,
        replyPulled: false,
        dueAt: 1,
      }]),
    (tx) => tx.objects.addReferencesAll(new Map([["object", 1]])),
    (tx) => tx.logs.removeFirst(1n, 1),
  ];
  await store.transaction("relaxed", async (tx) => {
    await tx.objects.add({ id: "object", bytes: new Uint8Array([1]), children: [] }, {
      references: 0,
      waits: 0,
    });
    await tx.logs.add(1n, { at: 1, end: 4, text: "line" });
  });
  for (const write of writes) {
    await assert.rejects(store.transaction("read-only", write), { code: "internal" });
  }
  assert.equal((await read())?.fabId, "app");
  const { instructions, logEntries } = await store.usage();
  assert.deepEqual([instructions, logEntries], [0, 1]);
  // The next transaction may write again.
  await store.transaction("relaxed", (tx) => tx.runs.put({ ...run, fabId: "third" }));
  assert.equal((await read())?.fabId, "third");
});
