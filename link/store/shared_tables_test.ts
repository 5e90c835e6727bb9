import assert from "node:assert/strict";
import type { NodeRecord } from "../nodes/node_table.ts";
import { linkMessage, nodeRecord, runRecord } from "../testing/records.ts";
import { eachStore } from "./testing/each_store.ts";

const LARGEST_ID = 2n ** 64n - 1n;

eachStore("servers and leases are read as they were written, and replaced", async (store) => {
  await store.transaction("relaxed", async (tx) => {
    assert.deepEqual(await tx.servers.all(), []);
    await tx.servers.put({ serverId: LARGEST_ID, leaseUntil: 1.5 });
    await tx.servers.put({ serverId: 2n, leaseUntil: 3 });
    await tx.servers.put({ serverId: LARGEST_ID, leaseUntil: 2.25 });
    await tx.servers.remove(2n);
    await tx.servers.remove(7n);
    assert.deepEqual(await tx.servers.all(), [{ serverId: LARGEST_ID, leaseUntil: 2.25 }]);
    assert.equal(await tx.leases.get("a"), undefined);
    const lease = { name: "a", holder: LARGEST_ID, number: 1, until: 1.5 };
    await tx.leases.put(lease);
    assert.deepEqual(await tx.leases.get("a"), lease);
    await tx.leases.put({ ...lease, holder: 2n, number: 2 });
    assert.deepEqual(await tx.leases.get("a"), { ...lease, holder: 2n, number: 2 });
    assert.equal(await tx.leases.get("b"), undefined);
  });
});

eachStore("several nodes are written, and found by their ids and keys", async (store) => {
  const [one, two] = [3n, LARGEST_ID].map((nodeId, place) =>
    nodeRecord({ nodeId, publicKey: Uint8Array.of(0, 255, place), joinName: "\0é", joins: place })
  ) as [NodeRecord, NodeRecord];
  const { dueAt: _, ...bare } = nodeRecord({ nodeId: 4n });
  await store.transaction("relaxed", async (tx) => {
    await tx.nodes.putAll([]);
    await tx.nodes.putAll([one, bare]);
    const changed = { ...one, onlineUntil: 5.25, dueAt: 5.25, wire: "current", session: "a" };
    await tx.nodes.putAll([two, changed]);
    const found = async (nodes: Promise<NodeRecord[]>) =>
      (await nodes).toSorted((a, b) => a.nodeId < b.nodeId ? -1 : 1);
    assert.deepEqual(await found(tx.nodes.withIds([3n, LARGEST_ID, 77n, 4n])), [
      changed,
      bare,
      two,
    ]);
    const keys = [two.publicKey!, Uint8Array.of(1), one.publicKey!, two.publicKey!];
    assert.deepEqual(await found(tx.nodes.withKeys(keys)), [changed, two]);
    assert.deepEqual(await tx.nodes.withKeys([]), []);
  });
});

eachStore("stray replies are kept up to a number, and until they are due", async (store) => {
  await store.transaction("relaxed", async (tx) => {
    const stray = (objectId: string, dueAt: number) => ({
      objectId,
      runId: LARGEST_ID,
      bytes: new Uint8Array([1, 0, 2]),
      dueAt,
    });
    for (const each of [stray("a", 3), stray("b", 1), stray("c", 2)]) {
      await tx.strayReplies.put(each);
    }
    await tx.strayReplies.put(stray("b", 1));
    assert.deepEqual(await tx.strayReplies.get("b"), stray("b", 1));
    assert.equal(await tx.nextDue(), 1);
    await tx.strayReplies.keep(3);
    await tx.strayReplies.keep(2);
    assert.equal(await tx.strayReplies.get("b"), undefined);
    assert.deepEqual(await tx.strayReplies.due(2, 5), [stray("c", 2)]);
    assert.deepEqual(await tx.strayReplies.due(9, 1), [stray("c", 2)]);
    await tx.strayReplies.remove("c");
    await tx.strayReplies.remove("c");
    assert.deepEqual(await tx.strayReplies.due(9, 5), [stray("a", 3)]);
  });
  assert.equal((await store.usage()).strayReplies, 1);
});

eachStore("a signature is added once, until it has expired", async (store) => {
  const sign = (peer: string, nonce: string, until = 10) => ({ peer, nonce, until });
  const { signatures } = store;
  const both = [sign("a", "1"), sign("a", "2"), sign("a", "1")];
  assert.deepEqual(await signatures.add(both), [true, true, false]);
  assert.deepEqual(await signatures.add([sign("a", "2"), sign("b", "1", 20)]), [false, true]);
  await signatures.removeExpired(10);
  assert.deepEqual(await signatures.add([sign("b", "1"), sign("a", "2")]), [false, true]);
});

eachStore("the first text of a setting is the one that all get", async ({ settings }) => {
  assert.equal(await settings.readOrWrite("a", "first"), "first");
  assert.equal(await settings.readOrWrite("a", "second"), "first");
  assert.equal(await settings.read("a"), "first");
  await settings.write("a", "third");
  assert.equal(await settings.readOrWrite("a", "second"), "third");
});

eachStore("a run counts replies once it has begun to", async (store) => {
  await store.transaction("relaxed", async (tx) => {
    const traffic = { bytesSent: 1, bytesReceived: 0, clientAppSeconds: 0 };
    const [before, counted] = [runRecord(), runRecord({ runId: 4n, results: 0, errors: 0 })];
    for (const run of [before, counted]) {
      await tx.runs.put(run);
      await tx.runs.addTraffic(run.runId, traffic, 2);
      await tx.runs.addError(run.runId, { nodeId: LARGEST_ID, reason: "no\0" });
      await tx.runs.addTraffic(run.runId, traffic);
    }
    assert.deepEqual(await tx.runs.get(3n), { ...before, bytesSent: 2 });
    const errors = { errors: 1, lastErrorNodeId: LARGEST_ID, lastError: "no\0" };
    assert.deepEqual(await tx.runs.get(4n), { ...counted, bytesSent: 2, results: 2, ...errors });
  });
});

eachStore("runs and instructions are found by their SuperLink", async (store) => {
  await store.transaction("relaxed", async (tx) => {
    await tx.runs.put(runRecord());
    await tx.runs.put(runRecord({ runId: 4n, serverId: LARGEST_ID }));
    await tx.runs.put(runRecord({ runId: 5n, serverId: LARGEST_ID, state: "starting" }));
    assert.deepEqual((await tx.runs.runBy(LARGEST_ID)).map(({ runId }) => runId), [4n]);
    const progress = { deliveries: 1, replyPulled: false, dueAt: 5 } as const;
    for (const messageId of ["a", "b", "c"]) {
      await tx.instructions.addAll([
        { ...progress, message: linkMessage({ messageId }), state: "waiting" },
      ]);
    }
    const toLargest = linkMessage({ messageId: "d", dstNodeId: LARGEST_ID });
    await tx.instructions.addAll([{ ...progress, message: toLargest, state: "waiting" }]);
    const waiting = await tx.instructions.waitingFor([9n, 8n, LARGEST_ID]);
    assert.deepEqual(new Set(waiting), new Set([9n, LARGEST_ID]));
    const elsewhere = linkMessage({ messageId: "e", runId: 4n, dstNodeId: LARGEST_ID });
    await tx.instructions.addAll([
      { ...progress, message: elsewhere, state: "waiting" },
      { ...progress, message: { ...elsewhere, messageId: "f" }, state: "answered" },
    ]);
    const handedOut = { ...progress, state: "handed-out" } as const;
    await tx.instructions.update("a", { ...handedOut, holder: LARGEST_ID });
    await tx.instructions.update("b", { ...handedOut, holder: 2n });
    const held = async (holder?: bigint) =>
      (await tx.instructions.handedOut(holder)).map(({ message }) => message.messageId);
    assert.deepEqual(await held(), ["a", "b"]);
    assert.deepEqual(await held(LARGEST_ID), ["a"]);
    assert.deepEqual(await tx.instructions.unanswered(), [{ runId: 3n, count: 4 }, {
      runId: 4n,
      count: 1,
    }]);
    await tx.instructions.update("c", { ...handedOut, holder: 2n });
    assert.deepEqual(await tx.instructions.waitingFor([9n, 8n]), []);
    await tx.instructions.update("a", { ...progress, state: "waiting" });
    assert.deepEqual(await held(LARGEST_ID), []);
    assert.equal((await tx.instructions.get(["a"]))[0]?.holder, undefined);
  });
});
