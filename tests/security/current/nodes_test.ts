/** One node in the name of another, two holders of one key, and nodes that their owner sends away. */
import assert from "node:assert/strict";
import { PrivateKey } from "../../../auth/private_key.ts";
import type { FlwrError } from "../../../base/error.ts";
import { Message } from "../../../app/message.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import { SUPERLINK_NODE_ID } from "../../../entities/metadata.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import {
  type DeflatedMessage,
  deflateMessages,
} from "../../../rpc/dialects/current/client/message_objects.ts";
import { messageFromWire } from "../../../rpc/dialects/current/message.ts";
import { messageObject } from "../../../rpc/objects/message.ts";
import { within } from "../../support/deadline.ts";
import { CurrentSuperLink, HEARTBEAT_SECONDS, instruct, type Member } from "./superlink.ts";

/** Seconds within which a held pull ends that is cut short: less than it would be held. */
const AT_ONCE_SECONDS = 10;

/** The reply of a node to an instruction, taken apart. */
async function replyOf(
  { nodeId }: Member,
  runId: bigint,
  replyToMessageId: string,
): Promise<DeflatedMessage> {
  const reply = new Message({
    runId,
    messageId: "",
    srcNodeId: nodeId,
    dstNodeId: SUPERLINK_NODE_ID,
    replyToMessageId,
    groupId: "",
    messageType: "train",
    createdAt: Date.now() / 1000,
    ttl: 3600,
  }, RecordDict.from({ config: new ConfigRecord({ from: nodeId }) }));
  return (await deflateMessages([reply]))[0]!;
}

/** Announces a reply and pushes what is asked for. @returns how many objects the SuperLink took */
async function push({ client, nodeId }: Member, reply: DeflatedMessage): Promise<number> {
  const { objectsToPush, sessionId } = await client.pushMessage(nodeId, reply, 0);
  const { runId } = reply.wire.metadata!;
  let taken = 0;
  for (const id of objectsToPush) {
    const object = reply.objects.get(id)!;
    if (await client.pushObject(nodeId, runId, sessionId, object)) taken++;
  }
  return taken;
}

function refused(code: FlwrError["code"]): { code: string } {
  return { code };
}

for (const transport of ["http", "grpc"] as const) {
  Deno.test(`over ${transport}, what is another node's is out of reach`, async () => {
    await using superLink = await CurrentSuperLink.start();
    const task = await superLink.task();
    const victim = await superLink.member(transport);
    const thief = await superLink.member(transport);
    const theirs = await instruct(task, victim.nodeId);
    const { runId } = task;
    const canPull = async ({ client, nodeId }: Member, id: string) =>
      (await client.pullObject(nodeId, runId, id)).found;

    assert.equal(await canPull(victim, theirs), false, "not even its own before it is handed out");
    const { messagesList: [wire], messageObjectTrees: [tree] } = await victim.client
      .pullMessages(victim.nodeId);
    assert.equal(messageFromWire(wire!).messageId, theirs);
    const ids = [theirs, tree!.children[0]!.objectId, tree!.children[0]!.children[0]!.objectId];
    for (const id of ids) {
      assert.equal(await canPull(thief, id), false);
      assert.equal(await canPull(victim, id), true);
      await assert.rejects(
        thief.client.pullObject(victim.nodeId, runId, id),
        refused("unauthenticated"),
      );
    }

    // it confirms, and answers, in its own name and in the victim's
    await thief.client.confirm(thief.nodeId, runId, theirs);
    assert.equal(await canPull(victim, theirs), true);
    const inOwnName = await replyOf(thief, runId, theirs);
    assert.equal(await push(thief, inOwnName), 0);
    const inVictims = await replyOf(victim, runId, theirs);
    await assert.rejects(
      thief.client.pushMessage(thief.nodeId, inVictims, 0),
      refused("unauthenticated"),
    );

    // nor does it get at a push under way, though it knows the session
    const announced = await victim.client.pushMessage(victim.nodeId, inVictims, 0);
    for (const id of announced.objectsToPush) {
      const object = inVictims.objects.get(id)!;
      const pushed = thief.client.pushObject(thief.nodeId, runId, announced.sessionId, object);
      assert.equal(await pushed, false);
    }
    assert.equal(await push(victim, inVictims), announced.objectsToPush.length);
    for (const id of inVictims.objects.keys()) assert.equal(await canPull(thief, id), false);

    const [reply, ...more] = await task.connection.pull(runId, [theirs]);
    assert.deepEqual(more, []);
    assert.equal(reply!.metadata.srcNodeId, victim.nodeId);
    assert.equal((reply!.content.get("config") as ConfigRecord).get("from"), victim.nodeId);
  });
}

Deno.test("a reply that says of itself that it answers another node's instruction is not taken", async () => {
  await using superLink = await CurrentSuperLink.start();
  const task = await superLink.task();
  const [victim, thief] = [await superLink.member(), await superLink.member()];
  const [theirs, own] = [
    await instruct(task, victim.nodeId),
    await instruct(task, thief.nodeId),
  ];
  await thief.client.pullMessages(thief.nodeId);
  const reply = await replyOf(thief, task.runId, own);
  // announced as the answer to its own instruction; Python's ServerApps read the object
  const content = reply.objects.get(reply.id)!.children[0]!;
  const { pushedAt: _, messageId: __, ...said } = {
    ...messageFromWire(reply.wire),
    pushedAt: 0,
    replyToMessageId: theirs,
  };
  const root = messageObject({ ...said, content });
  const objects = new Map([...reply.objects].filter(([id]) => id !== reply.id));
  objects.set(root.id, root);
  const lie: DeflatedMessage = {
    id: root.id,
    objects,
    wire: { ...reply.wire, metadata: { ...reply.wire.metadata!, messageId: root.id } },
    tree: { ...reply.tree, objectId: root.id },
  };
  assert.equal(await push(thief, lie), objects.size - 1, "all but the message's own object");
  // the truth is taken still
  await push(thief, reply);
  const [told] = await task.connection.pull(task.runId, [theirs, own]);
  assert.equal(told!.metadata.replyToMessageId, own);
});

Deno.test("a reply that is pushed again, in parts or whole, counts once", async () => {
  await using superLink = await CurrentSuperLink.start();
  const task = await superLink.task();
  const member = await superLink.member();
  const id = await instruct(task, member.nodeId);
  await member.client.pullMessages(member.nodeId);
  const reply = await replyOf(member, task.runId, id);
  // the same twice at the same time, as after a timeout of the client's
  const pushes = await Promise.all([push(member, reply), push(member, reply)]);
  assert.ok(Math.max(...pushes) > 0);
  assert.equal(await push(member, reply), 0, "there is nothing left to push");
  const another = await replyOf(member, task.runId, id);
  assert.equal(await push(member, another), 0, "a second reply is refused");

  const replies = await task.connection.pull(task.runId, [id]);
  assert.deepEqual(replies.map(({ metadata }) => metadata.messageId), [reply.id]);
});

Deno.test("whoever joins last with a key has its node's place", async () => {
  await using superLink = await CurrentSuperLink.start();
  const task = await superLink.task();
  const first = await superLink.member();
  const held = first.client.pullMessages(first.nodeId);
  const second = superLink.client(first.key);
  // The pull may arrive after the second has joined: then it ends when that joins again.
  for (let turn = 0; turn < 4; turn++) {
    assert.equal(await second.activate(HEARTBEAT_SECONDS), first.nodeId);
  }
  const { messagesList: none } = await within(held, AT_ONCE_SECONDS, "the first's pull to end");
  assert.deepEqual(none, []);
  const id = await instruct(task, first.nodeId);
  const { messagesList } = await second.pullMessages(first.nodeId);
  assert.deepEqual(messagesList.map((wire) => messageFromWire(wire).messageId), [id]);

  // both hold the key, so both may speak for the node: the reply of either counts, and one of them
  const reply = await replyOf(first, task.runId, id);
  assert.equal(await push(first, reply), reply.objects.size);
  assert.equal(await push({ ...first, client: second }, reply), 0);
  assert.equal((await task.connection.pull(task.runId, [id])).length, 1);
});

Deno.test("heartbeats that race with the owner's unregistering do not bring a node back", async () => {
  await using superLink = await CurrentSuperLink.start();
  const control = superLink.controlClient();
  for (let turn = 0; turn < 5; turn++) {
    const { client, key, nodeId } = await superLink.member();
    // It ends when the node joins again, and is denied where it comes too late.
    const held = client.pullMessages(nodeId).catch(() => {});
    const beats = Array.from({ length: 8 }, () => client.heartbeat(nodeId, HEARTBEAT_SECONDS));
    const joining = [client.activate(HEARTBEAT_SECONDS), client.activate(HEARTBEAT_SECONDS)];
    const calls = [...beats, ...joining];
    const outcomes = Promise.allSettled(calls);
    await control.unregisterNode(nodeId);
    await outcomes;
    await held;

    const { items } = await control.listNodes();
    assert.equal(items.find((node) => node.nodeId === nodeId)!.status, "unregistered");
    await assert.rejects(client.heartbeat(nodeId, HEARTBEAT_SECONDS), refused("unauthenticated"));
    await assert.rejects(client.pullMessages(nodeId), refused("unauthenticated"));
    // its key is burnt: neither the node nor the owner brings it back
    await assert.rejects(client.activate(HEARTBEAT_SECONDS), refused("invalid-argument"));
    await assert.rejects(client.register(), refused("failed-precondition"));
    await assert.rejects(superLink.register(key), refused("already-exists"));
  }
});

Deno.test("a held pull of a node that is unregistered ends at once, and is denied", async () => {
  await using superLink = await CurrentSuperLink.start();
  const { client, nodeId } = await superLink.member();
  const held = assert.rejects(client.pullMessages(nodeId), refused("unauthenticated"));
  await client.heartbeat(nodeId, HEARTBEAT_SECONDS);
  await superLink.controlClient().unregisterNode(nodeId);
  await within(held, AT_ONCE_SECONDS, "the node's pull to be denied");
});

Deno.test("a key that registers itself is no node where the owner admits nodes", async () => {
  await using superLink = await CurrentSuperLink.start();
  const client = superLink.client(await PrivateKey.generate("P-384"));
  await assert.rejects(client.register(), refused("failed-precondition"));
  await assert.rejects(client.activate(HEARTBEAT_SECONDS), refused("invalid-argument"));
  assert.deepEqual((await superLink.controlClient().listNodes()).items, []);
});
