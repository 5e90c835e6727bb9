import assert from "node:assert/strict";
import { linkTest } from "../../tests/link/harness.ts";

const KEY = new Uint8Array([1, 2, 3]);

linkTest("a node is online for its interval and no longer", async (bench) => {
  const nodeId = await bench.node(30);
  await bench.pass(29.9);
  assert.deepEqual(await bench.link.nodes.online(), [nodeId]);
  await bench.pass(0.1);
  assert.deepEqual(await bench.link.nodes.online(), []);
  assert.deepEqual(bench.eventsOf("node-offline").map((event) => event.nodeId), [nodeId]);
});

linkTest("a heartbeat keeps a node online and brings an offline one back", async (bench) => {
  const nodeId = await bench.node(30);
  await bench.pass(20);
  assert.equal(await bench.link.nodes.heartbeat(nodeId, 30), true);
  await bench.pass(29);
  assert.deepEqual(await bench.link.nodes.online(), [nodeId]);
  await bench.pass(2);
  assert.deepEqual(await bench.link.nodes.online(), []);
  assert.equal(await bench.link.nodes.heartbeat(nodeId, 5), true);
  assert.deepEqual(await bench.link.nodes.online(), [nodeId]);
  assert.equal(bench.eventsOf("node-returned").length, 1);
  await bench.pass(5);
  assert.deepEqual(await bench.link.nodes.online(), []);
});

linkTest("with patience, a node may miss heartbeats", async (bench) => {
  const patience = 2;
  const { nodeId, heartbeatInterval } = await bench.link.nodes.create({
    heartbeatInterval: 30,
    patience,
  });
  assert.equal(heartbeatInterval, 30);
  await bench.pass(59.9);
  assert.deepEqual(await bench.link.nodes.online(), [nodeId]);
  assert.equal(await bench.link.nodes.heartbeat(nodeId, 10, patience), true);
  await bench.pass(19.9);
  assert.deepEqual(await bench.link.nodes.online(), [nodeId]);
  await bench.pass(0.1);
  assert.deepEqual(await bench.link.nodes.online(), []);
});

linkTest("a heartbeat of a node that is unknown or left returns false", async (bench) => {
  assert.equal(await bench.link.nodes.heartbeat(77n, 30), false);
  const nodeId = await bench.node(30, KEY);
  await bench.link.nodes.leave(nodeId);
  assert.equal(await bench.link.nodes.heartbeat(nodeId, 30), false);
  assert.deepEqual(await bench.link.nodes.online(), []);
});

linkTest(
  "a node's wire is kept over a restart, until the node joins again",
  async (bench) => {
    const wire = async () => (await bench.link.nodes.ofKey(KEY))!.wire;
    const nodeId = await bench.node(30, KEY);
    assert.equal(await wire(), undefined);
    await bench.link.nodes.heartbeat(nodeId, 30, 1, "old");
    await bench.link.nodes.heartbeat(nodeId, 30);
    assert.equal(await wire(), "old");
    await bench.restart();
    assert.equal(await wire(), "old");
    await bench.node(30, KEY);
    assert.equal(await wire(), undefined);
    await bench.link.nodes.create({ publicKey: KEY, heartbeatInterval: 30, wire: "new" });
    assert.equal(await wire(), "new");
  },
);

linkTest("a key keeps its node id: while online, after leaving, after a restart", async (bench) => {
  const nodeId = await bench.node(30, KEY);
  assert.equal(await bench.node(30, KEY), nodeId);
  await bench.link.nodes.leave(nodeId);
  assert.equal((await bench.link.nodes.ofKey(KEY))?.nodeId, nodeId);
  assert.equal(await bench.node(30, KEY), nodeId);
  assert.equal(await bench.link.nodes.heartbeat(nodeId, 30), true);
  await bench.link.nodes.leave(nodeId);
  await bench.restart();
  assert.equal(await bench.node(30, KEY), nodeId);
  assert.deepEqual(bench.eventsOf("node-joined").map((event) => event.takeover), [
    false,
    true,
    false,
    false,
  ]);
  assert.notEqual(await bench.node(30, new Uint8Array([1, 2, 4])), nodeId);
  assert.equal(await bench.link.nodes.ofKey(new Uint8Array([9])), undefined);
});

linkTest("node ids are unique, and never 0 or the SuperLink's", async (bench) => {
  const first = await bench.node();
  const drawn = [0n, 1n, first, 0xffff_ffff_ffff_fff0n];
  // A second attempt of the transaction gets the same random numbers again.
  let draws = 0;
  bench.random.uint64 = () => drawn[draws++ % drawn.length]!;
  assert.equal(await bench.node(), 0xffff_ffff_ffff_fff0n);
  assert.deepEqual(
    new Set(await bench.link.nodes.online()),
    new Set([first, 0xffff_ffff_ffff_fff0n]),
  );
});

linkTest("a node without a key is removed when it leaves or stays offline", async (bench) => {
  const leaves = await bench.node();
  const stays = await bench.node(30);
  await bench.link.nodes.leave(leaves);
  await assert.rejects(bench.link.nodes.leave(leaves), { code: "not-found" });
  assert.equal((await bench.store.usage()).nodes, 1);
  await bench.pass(31);
  assert.equal((await bench.store.usage()).nodes, 1);
  await bench.pass(100);
  assert.equal((await bench.store.usage()).nodes, 0);
  assert.equal(await bench.link.nodes.heartbeat(stays, 30), false);
  assert.deepEqual(bench.eventsOf("node-forgotten").map((event) => event.nodeId), [stays]);
}, { anonymousNodeRetentionSeconds: 100 });

linkTest(
  "a node that registered itself is removed after a long absence",
  async (bench) => {
    const never = await bench.link.nodes.register({ publicKey: KEY, by: "self" });
    const lapses = await bench.node(30, new Uint8Array([2]));
    const pauses = await bench.node(30, new Uint8Array([3]));
    await bench.link.nodes.deactivate(pauses);
    const stays = await bench.node(1800, new Uint8Array([4]));
    await bench.pass(99);
    assert.equal((await bench.store.usage()).nodes, 4);
    await bench.pass(2);
    assert.equal(await bench.link.nodes.heartbeat(lapses, 30), true, "it was absent for 71 s");
    assert.equal(await bench.link.nodes.ofKey(KEY), undefined);
    await bench.pass(131);
    const ids = () => bench.eventsOf("node-forgotten").map(({ nodeId }) => nodeId);
    assert.deepEqual(new Set(ids()), new Set([never.nodeId, pauses, lapses]));
    assert.deepEqual((await bench.link.nodes.list()).map(({ nodeId }) => nodeId), [stays]);
    await bench.link.nodes.leave(stays);
    await bench.pass(101);
    assert.equal((await bench.store.usage()).nodes, 0);
    assert.equal(await bench.link.nodes.heartbeat(stays, 30), false);
  },
  { absentNodeRetentionSeconds: 100 },
);

linkTest(
  "the number of absent nodes is limited, and nodes that never joined are removed first",
  async (bench) => {
    const key = (number: number) => new Uint8Array([9, number]);
    const owners = await bench.link.nodes.register({ publicKey: key(0) });
    const [pauses, works] = [await bench.node(1800, key(1)), await bench.node(1800, key(2))];
    await bench.link.nodes.deactivate(pauses);
    for (let number = 3; number < 40; number++) {
      await bench.link.nodes.register({ publicKey: key(number), by: "self" });
    }
    await bench.pass(61);
    const left = (await bench.link.nodes.list()).map(({ nodeId }) => nodeId);
    assert.equal(left.length, 2 + 5);
    for (const nodeId of [owners.nodeId, pauses, works]) assert.ok(left.includes(nodeId));
    // Strangers can still register; later nodes with a long absence are removed, too.
    const last = await bench.link.nodes.register({ publicKey: key(50), by: "self" });
    await bench.link.nodes.unregister(last.nodeId, "self");
    await bench.pass(61);
    assert.equal((await bench.store.usage()).nodes, 2 + 5);
  },
  { maxAbsentNodes: 5, housekeepingBatch: 10 },
);

linkTest("a node that was removed joins with a new id", async (bench) => {
  const nodeId = await bench.node(30, KEY);
  const pushed = await bench.push(nodeId);
  await bench.pass(131);
  assert.equal((await bench.store.usage()).nodes, 0);
  await assert.rejects(bench.link.nodes.activate({ publicKey: KEY, heartbeatInterval: 30 }), {
    code: "not-found",
  });
  const again = await bench.node(30, KEY);
  assert.notEqual(again, nodeId);
  assert.equal(await bench.link.messages.pullInstruction(again), undefined);
  const [reply] = await bench.link.messages.pullReplies([pushed.messageId]);
  assert.equal(reply?.error?.code, 5);
  assert.match(reply.error.reason, /no longer knows it/);
}, { absentNodeRetentionSeconds: 100 });

linkTest("nodes that the operator registered are not removed", async (bench) => {
  const registered = await bench.link.nodes.register({ publicKey: KEY });
  const joined = await bench.link.nodes.register({ publicKey: new Uint8Array([2]) });
  await bench.link.nodes.activate({ publicKey: new Uint8Array([2]), heartbeatInterval: 30 });
  const left = await bench.link.nodes.register({ publicKey: new Uint8Array([3]) });
  await bench.link.nodes.leave(left.nodeId);
  await bench.pass(5000);
  await bench.restart();
  await bench.pass(5000);
  for (const nodeId of [registered.nodeId, joined.nodeId]) {
    assert.equal(await bench.link.nodes.heartbeat(nodeId, 30), true);
  }
  assert.equal(await bench.node(30, new Uint8Array([3])), left.nodeId);
}, { absentNodeRetentionSeconds: 100 });

linkTest(
  "if the operator decides who is admitted, no node with a key is removed",
  async (bench) => {
    const nodeId = await bench.node(30, KEY);
    await bench.pass(5000);
    await bench.restart();
    assert.equal(await bench.link.nodes.heartbeat(nodeId, 30), true);
  },
  { absentNodeRetentionSeconds: Infinity, anonymousNodeRetentionSeconds: 100 },
);

linkTest(
  "a key that the operator unregistered is kept; a node that unregistered itself is removed",
  async (bench) => {
    const expelled = await bench.node(30, KEY);
    await bench.link.nodes.unregister(expelled);
    const other = new Uint8Array([9]);
    const { nodeId } = await bench.link.nodes.register({ publicKey: other, by: "self" });
    await bench.link.nodes.unregister(nodeId, "self");
    const owned = await bench.link.nodes.register({ publicKey: new Uint8Array([8]) });
    await bench.link.nodes.unregister(owned.nodeId, "self");
    await assert.rejects(bench.node(30, other), { code: "permission-denied" });
    await bench.pass(5000);
    await bench.restart();
    await bench.pass(5000);
    await assert.rejects(bench.node(30, KEY), { code: "permission-denied" });
    await assert.rejects(bench.node(30, new Uint8Array([8])), { code: "permission-denied" });
    assert.notEqual(await bench.node(30, other), nodeId);
  },
  { absentNodeRetentionSeconds: 100 },
);

linkTest("after a restart, the new retention time applies to absent nodes", async (bench) => {
  const nodeId = await bench.node(30, KEY);
  await bench.pass(31);
  await bench.restart({ absentNodeRetentionSeconds: Infinity });
  await bench.pass(5000);
  assert.equal((await bench.link.nodes.ofKey(KEY))?.nodeId, nodeId);
  await bench.restart({ absentNodeRetentionSeconds: 6000 });
  await bench.pass(900);
  assert.equal((await bench.link.nodes.ofKey(KEY))?.nodeId, nodeId);
  await bench.pass(100);
  assert.equal(await bench.link.nodes.ofKey(KEY), undefined);
}, { absentNodeRetentionSeconds: 100 });

linkTest("after a restart, nodes that were online have an interval to return", async (bench) => {
  const stays = await bench.node(30);
  const gone = await bench.node(5);
  await bench.pass(6);
  await bench.link.close();
  await bench.clock.advance(1000);
  await bench.restart();
  assert.deepEqual(await bench.link.nodes.online(), [stays]);
  assert.equal(await bench.link.nodes.heartbeat(gone, 5), true);
  await bench.pass(30);
  assert.deepEqual(await bench.link.nodes.online(), []);
});

linkTest("an absurd heartbeat interval is refused", async (bench) => {
  const nodeId = await bench.node();
  for (const interval of [0, -1, NaN, Infinity, 1800.1]) {
    const refusal = { code: "invalid-argument", message: new RegExp(`"${interval}"`) };
    await assert.rejects(async () => await bench.link.nodes.heartbeat(nodeId, interval), refusal);
    await assert.rejects(
      async () => await bench.link.nodes.create({ heartbeatInterval: interval }),
      refusal,
    );
  }
});

linkTest("after close every call is refused and long polls have ended", async (bench) => {
  const nodeId = await bench.node();
  const pull = bench.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  const replies = bench.link.messages.pullReplies([
    (await bench.push(await bench.node())).messageId,
  ], {
    holdSeconds: 20,
  });
  await bench.link.close();
  assert.equal(await pull, undefined);
  assert.deepEqual(await replies, []);
  await assert.rejects(bench.link.nodes.heartbeat(nodeId, 30), { code: "unavailable" });
  await assert.rejects(bench.link.messages.pullInstruction(nodeId), { code: "unavailable" });
  await bench.link.close();
});
