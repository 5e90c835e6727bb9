import assert from "node:assert/strict";
import { linkTest, UPDATE_OBJECTS } from "../../tests/link/harness.ts";

const KEY = new Uint8Array([1, 2, 3]);
const OTHER = new Uint8Array([1, 2, 4]);

linkTest("a registered node is listed, and goes online when it joins", async (bench) => {
  const registeredAt = bench.clock.now();
  const { nodeId } = await bench.link.nodes.register({
    publicKey: KEY,
    name: "one",
    location: "1,2",
  });
  assert.deepEqual(await bench.link.nodes.online(), []);
  await bench.clock.advance(5);
  const active = await bench.link.nodes.activate({ publicKey: KEY, heartbeatInterval: 30 });
  assert.deepEqual(active, {
    nodeId,
    publicKey: KEY,
    state: "online",
    onlineUntil: registeredAt + 35,
    heartbeatInterval: 30,
    registeredBy: "owner",
    name: "one",
    location: "1,2",
    registeredAt,
    activatedAt: registeredAt + 5,
  });
  assert.deepEqual(await bench.link.nodes.online(), [nodeId]);
  assert.deepEqual(await bench.link.nodes.list(), [active]);
  await bench.restart();
  assert.deepEqual(await bench.link.nodes.ofKey(KEY), active);
});

linkTest("a key can be registered only once", async (bench) => {
  await bench.link.nodes.register({ publicKey: KEY, by: "self" });
  assert.equal((await bench.link.nodes.ofKey(KEY))?.registeredBy, "self");
  await assert.rejects(bench.link.nodes.register({ publicKey: KEY }), { code: "already-exists" });
  await bench.node(30, OTHER);
  await assert.rejects(bench.link.nodes.register({ publicKey: OTHER }), { code: "already-exists" });
});

linkTest(
  "only a registered key can be activated, and replaces its earlier session",
  async (bench) => {
    const activate = () => bench.link.nodes.activate({ publicKey: KEY, heartbeatInterval: 30 });
    await assert.rejects(activate(), { code: "not-found" });
    const { nodeId } = await bench.link.nodes.register({ publicKey: KEY });
    await activate();
    const pushed = await bench.push(nodeId);
    await bench.link.messages.pullInstruction(nodeId);
    assert.equal((await activate()).nodeId, nodeId);
    assert.deepEqual(bench.eventsOf("node-joined").map(({ takeover }) => takeover), [false, true]);
    assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, pushed.messageId);
  },
);

linkTest("an unregistered node is refused for good", async (bench) => {
  const nodeId = await bench.node(30, KEY);
  const pushed = await bench.push(nodeId);
  await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  const asked = bench.link.messages.pullReplies([pushed.messageId], { holdSeconds: 20 });
  await bench.link.nodes.unregister(nodeId);
  assert.equal((await asked)[0]?.error?.code, 5);
  const held = { code: "not-found" };
  await assert.rejects(bench.link.messages.pullInstruction(nodeId, { holdSeconds: 20 }), held);
  assert.equal(await bench.link.nodes.heartbeat(nodeId, 30), false);
  await assert.rejects(bench.link.nodes.deactivate(nodeId), held);
  await assert.rejects(bench.link.nodes.leave(nodeId), held);
  await assert.rejects(bench.link.nodes.unregister(nodeId), held);
  const denied = { code: "permission-denied" };
  await assert.rejects(bench.node(30, KEY), denied);
  await assert.rejects(
    bench.link.nodes.activate({ publicKey: KEY, heartbeatInterval: 30 }),
    denied,
  );
  await assert.rejects(bench.link.nodes.register({ publicKey: KEY }), { code: "already-exists" });
  const reply = bench.reply(pushed);
  const refusal = await bench.refusalOf(reply, UPDATE_OBJECTS);
  assert.equal(refusal?.code, "node-unregistered");
  const caller = { nodeId, runId: bench.runId };
  assert.deepEqual(await bench.link.objects.pull(caller, "model"), { found: false });
  assert.notEqual(await bench.refusalOf(bench.instruction(nodeId), []), undefined);
  await bench.restart();
  const [node] = await bench.link.nodes.list();
  assert.equal(node?.state, "unregistered");
  assert.equal(node.unregisteredAt, bench.clock.now());
});

linkTest("a long poll ends when its node is unregistered", async (bench) => {
  const nodeId = await bench.node(30, KEY);
  const held = bench.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  await Promise.all([
    assert.rejects(held, { code: "not-found" }),
    bench.link.nodes.unregister(nodeId),
  ]);
});

linkTest("a deactivated node is offline, keeps its instructions, and can return", async (bench) => {
  const nodeId = await bench.node(30, KEY);
  const pushed = await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  await bench.pass(3);
  await bench.link.nodes.deactivate(nodeId);
  assert.deepEqual(await bench.link.nodes.online(), []);
  const [node] = await bench.link.nodes.list();
  assert.equal(node?.state, "offline");
  assert.equal(node.deactivatedAt, bench.clock.now());
  assert.equal(node.onlineUntil, bench.clock.now());
  await bench.link.nodes.activate({ publicKey: KEY, heartbeatInterval: 30 });
  assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, pushed.messageId);
  await bench.link.nodes.deactivate(nodeId);
  const [reply] = await bench.link.messages.pullReplies([pushed.messageId]);
  assert.equal(reply?.error?.code, 5);
  assert.match(reply.error.reason, /signed off/);
});

linkTest("a heartbeat alone brings a deactivated or registered node online", async (bench) => {
  const { nodeId } = await bench.link.nodes.register({ publicKey: KEY });
  assert.equal(await bench.link.nodes.heartbeat(nodeId, 30), true);
  assert.deepEqual(await bench.link.nodes.online(), [nodeId]);
  await bench.link.nodes.deactivate(nodeId);
  assert.equal(await bench.link.nodes.heartbeat(nodeId, 30), true);
  assert.deepEqual(await bench.link.nodes.online(), [nodeId]);
});

linkTest("nodes are listed in the order of their registration", async (bench) => {
  const ids: bigint[] = [];
  for (const key of [3, 1, 2]) {
    ids.push((await bench.link.nodes.register({ publicKey: new Uint8Array([key]) })).nodeId);
    await bench.clock.advance(1);
  }
  assert.deepEqual((await bench.link.nodes.list()).map(({ nodeId }) => nodeId), ids);
});

linkTest("a deactivated node without a key is removed after some time", async (bench) => {
  const nodeId = await bench.node(30);
  await bench.link.nodes.deactivate(nodeId);
  await bench.pass(101);
  assert.deepEqual(await bench.link.nodes.list(), []);
}, { anonymousNodeRetentionSeconds: 100 });

linkTest(
  "a node's name comes from its registration, else from the key list, else from the node",
  async (bench) => {
    const names = async () => (await bench.link.nodes.onlineNames()).map(({ name }) => name);
    const nameAtJoin = async (publicKey: Uint8Array, name?: string) => {
      const joining = { publicKey, heartbeatInterval: 30, ...(name !== undefined && { name }) };
      return (await bench.link.nodes.create(joining)).name;
    };
    assert.equal(await nameAtJoin(KEY), undefined);
    assert.equal(await nameAtJoin(KEY, "said"), "said");
    assert.equal(bench.eventsOf("node-joined").at(-1)!.name, "said");
    await bench.restart();
    assert.equal((await bench.link.nodes.ofKey(KEY))!.name, "said");
    assert.deepEqual(await names(), ["said"]);
    bench.listedNames.set(KEY.toHex(), "listed");
    assert.equal(await nameAtJoin(KEY, "said"), "listed");
    bench.listedNames.clear();
    assert.equal(
      await nameAtJoin(KEY),
      undefined,
      "a name that neither list nor node gives any more is gone",
    );

    const { nodeId } = await bench.link.nodes.register({ publicKey: OTHER, name: "registered" });
    bench.listedNames.set(OTHER.toHex(), "listed");
    assert.equal(await nameAtJoin(OTHER, "said"), "registered");
    assert.equal(
      (await bench.link.nodes.list()).find((node) => node.nodeId === nodeId)!.name,
      "registered",
    );
  },
);

linkTest(
  "a node name with unprintable characters is refused and changes nothing",
  async (bench) => {
    for (const name of ["", "a\nb", "x".repeat(65)]) {
      const joining = { publicKey: KEY, heartbeatInterval: 30, name };
      await assert.rejects(bench.link.nodes.create(joining), { code: "invalid-argument" });
      await assert.rejects(bench.link.nodes.register({ publicKey: KEY, name }), {
        code: "invalid-argument",
      });
    }
    assert.deepEqual(await bench.link.nodes.list(), []);
  },
);
