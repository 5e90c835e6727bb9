import assert from "node:assert/strict";
import { linkTest } from "./harness.ts";

const KEY = new Uint8Array([1, 2, 3]);

linkTest("a node is online for its interval and no longer", async (bench) => {
  const nodeId = await bench.node(30);
  await bench.pass(29.9);
  assert.deepEqual(await bench.link.onlineNodes(), [nodeId]);
  await bench.pass(0.1);
  assert.deepEqual(await bench.link.onlineNodes(), []);
  assert.deepEqual(bench.eventsOf("node-offline").map((event) => event.nodeId), [nodeId]);
});

linkTest("a heartbeat keeps a node online and brings an offline one back", async (bench) => {
  const nodeId = await bench.node(30);
  await bench.pass(20);
  assert.equal(await bench.link.heartbeat(nodeId, 30), true);
  await bench.pass(29);
  assert.deepEqual(await bench.link.onlineNodes(), [nodeId]);
  await bench.pass(2);
  assert.deepEqual(await bench.link.onlineNodes(), []);
  assert.equal(await bench.link.heartbeat(nodeId, 5), true);
  assert.deepEqual(await bench.link.onlineNodes(), [nodeId]);
  assert.equal(bench.eventsOf("node-returned").length, 1);
  await bench.pass(5);
  assert.deepEqual(await bench.link.onlineNodes(), []);
});

linkTest("a patient SuperLink lets heartbeats be missed", async (bench) => {
  const patience = 2;
  const { nodeId, heartbeatInterval } = await bench.link.createNode({
    heartbeatInterval: 30,
    patience,
  });
  assert.equal(heartbeatInterval, 30);
  await bench.pass(59.9);
  assert.deepEqual(await bench.link.onlineNodes(), [nodeId]);
  assert.equal(await bench.link.heartbeat(nodeId, 10, patience), true);
  await bench.pass(19.9);
  assert.deepEqual(await bench.link.onlineNodes(), [nodeId]);
  await bench.pass(0.1);
  assert.deepEqual(await bench.link.onlineNodes(), []);
});

linkTest("a heartbeat of an unknown node or one that left is answered with no", async (bench) => {
  assert.equal(await bench.link.heartbeat(77n, 30), false);
  const nodeId = await bench.node(30, KEY);
  await bench.link.deleteNode(nodeId);
  assert.equal(await bench.link.heartbeat(nodeId, 30), false);
  assert.deepEqual(await bench.link.onlineNodes(), []);
});

linkTest("a key keeps its node id: while online, after leaving, after a restart", async (bench) => {
  const nodeId = await bench.node(30, KEY);
  assert.equal(await bench.node(30, KEY), nodeId);
  await bench.link.deleteNode(nodeId);
  assert.equal((await bench.link.nodeOfKey(KEY))?.nodeId, nodeId);
  assert.equal(await bench.node(30, KEY), nodeId);
  assert.equal(await bench.link.heartbeat(nodeId, 30), true);
  await bench.link.deleteNode(nodeId);
  await bench.restart();
  assert.equal(await bench.node(30, KEY), nodeId);
  assert.deepEqual(bench.eventsOf("node-joined").map((event) => event.takeover), [
    false,
    true,
    false,
    false,
  ]);
  assert.notEqual(await bench.node(30, new Uint8Array([1, 2, 4])), nodeId);
  assert.equal(await bench.link.nodeOfKey(new Uint8Array([9])), undefined);
});

linkTest("ids are never 0, never the SuperLink's, never given twice", async (bench) => {
  const first = await bench.node();
  const drawn = [0n, 1n, first, 0xffff_ffff_ffff_fff0n];
  bench.random.uint64 = () => drawn.shift()!;
  assert.equal(await bench.node(), 0xffff_ffff_ffff_fff0n);
  assert.deepEqual(
    new Set(await bench.link.onlineNodes()),
    new Set([first, 0xffff_ffff_ffff_fff0n]),
  );
});

linkTest("a node without a key is forgotten when it leaves or stays away", async (bench) => {
  const leaves = await bench.node();
  const stays = await bench.node(30);
  await bench.link.deleteNode(leaves);
  await assert.rejects(bench.link.deleteNode(leaves), { code: "not-found" });
  assert.equal((await bench.store.usage()).nodes, 1);
  await bench.pass(31);
  assert.equal((await bench.store.usage()).nodes, 1);
  await bench.pass(100);
  assert.equal((await bench.store.usage()).nodes, 0);
  assert.equal(await bench.link.heartbeat(stays, 30), false);
  assert.deepEqual(bench.eventsOf("node-forgotten").map((event) => event.nodeId), [stays]);
}, { anonymousNodeRetentionSeconds: 100 });

linkTest("a node with a key is not forgotten", async (bench) => {
  const nodeId = await bench.node(30, KEY);
  await bench.pass(5000);
  assert.equal(await bench.link.heartbeat(nodeId, 30), true);
}, { anonymousNodeRetentionSeconds: 100 });

linkTest("after a restart, nodes that were online have an interval to return", async (bench) => {
  const stays = await bench.node(30);
  const gone = await bench.node(5);
  await bench.pass(6);
  await bench.link.close();
  await bench.clock.advance(1000);
  await bench.restart();
  assert.deepEqual(await bench.link.onlineNodes(), [stays]);
  assert.equal(await bench.link.heartbeat(gone, 5), true);
  await bench.pass(30);
  assert.deepEqual(await bench.link.onlineNodes(), []);
});

linkTest("an absurd heartbeat interval is refused", async (bench) => {
  const nodeId = await bench.node();
  for (const interval of [0, -1, NaN, Infinity, 1800.1]) {
    const refusal = { code: "invalid-argument", message: new RegExp(`"${interval}"`) };
    await assert.rejects(async () => await bench.link.heartbeat(nodeId, interval), refusal);
    await assert.rejects(
      async () => await bench.link.createNode({ heartbeatInterval: interval }),
      refusal,
    );
  }
});

linkTest("after close every call is refused and held pulls have ended", async (bench) => {
  const nodeId = await bench.node();
  const pull = bench.link.pullInstruction(nodeId, { holdSeconds: 20 });
  const replies = bench.link.pullReplies([(await bench.push(await bench.node())).messageId], {
    holdSeconds: 20,
  });
  await bench.link.close();
  assert.equal(await pull, undefined);
  assert.deepEqual(await replies, []);
  await assert.rejects(bench.link.heartbeat(nodeId, 30), { code: "unavailable" });
  await assert.rejects(bench.link.pullInstruction(nodeId), { code: "unavailable" });
  await bench.link.close();
});
