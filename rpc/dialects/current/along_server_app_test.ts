import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import type { ArrayRecord } from "../../../app/array_record.ts";
import { Message } from "../../../app/message.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import { AlongRequestSchema } from "../../../proto/gen/current/along_pb.ts";
import type { PullMessagesResponse } from "../../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../../proto/gen/current/runtime_pb.ts";
import { pushComplete } from "../../../tests/link/push_complete.ts";
import { acquireTask } from "./client/acquire_task.ts";
import { deflateMessages } from "./client/message_objects.ts";
import { RuntimeClient } from "./client/runtime_client.ts";
import { RuntimeConnection } from "./client/runtime_connection.ts";
import { MAX_ALONG_CONFIRMS } from "./limits.ts";
import { callsOf, DirectChannel } from "./testing/direct_channel.ts";
import { FakeSuperLink } from "./testing/fake_superlink.ts";
import { testModel } from "./testing/test_model.ts";

const ID = "a".repeat(64);

/** A ServerApp that has begun, and nodes that answer its instructions. */
async function serverApp(nodes: number, options?: ConstructorParameters<typeof DirectChannel>[1]) {
  const superlink = await FakeSuperLink.start();
  const { link, runtime, clock } = superlink;
  const fab = { hash: ID, content: new Uint8Array(1) };
  const { runId } = await link.runs.create({ fabId: "me/app", fabVersion: "1", fab });
  const task = (await acquireTask(new DirectChannel(runtime), ["flwr-serverapp"]))!;
  await link.runs.begin(task.token);
  const channel = new DirectChannel(runtime, options);
  const connection = new RuntimeConnection(new RuntimeClient(channel, task.token), runId, clock);
  for (let node = 0; node < nodes; node++) await link.nodes.create({ heartbeatInterval: 1000 });
  const instructions = async (arrays: ArrayRecord) =>
    (await connection.nodes(runId)).map(({ nodeId: dstNodeId }) =>
      Message.create({ content: { arrays }, dstNodeId, messageType: "train", clock })
    );
  /** Lets every node reply with its own model. */
  const answer = async (arrays: (node: number) => ArrayRecord) => {
    for (const [place, nodeId] of (await link.nodes.online()).entries()) {
      const { pushedAt: _, delivery: __, content: ___, ...metadata } =
        (await link.messages.pullInstruction(nodeId))!;
      const reply = new Message(metadata, new RecordDict())
        .reply({ arrays: arrays(place) }, { clock });
      const [deflated] = await deflateMessages([reply]);
      const { id, tree, objects } = deflated!;
      const pushed = {
        ...reply.metadata,
        messageId: id,
        content: tree.children[0]!.objectId,
      };
      assert.deepEqual(await pushComplete(link, [pushed], [...objects.values()]), [undefined]);
    }
  };
  return { superlink, link, connection, channel, runId, instructions, answer, token: task.token };
}

Deno.test("a ServerApp's phase needs three calls, and its replies are confirmed by the next one", async () => {
  const app = await serverApp(3);
  await using _superlink = app.superlink;
  const { connection, channel, runId, link } = app;
  for (let round = 1; round <= 2; round++) {
    const ids = await connection.push(runId, await app.instructions(testModel(20, round)));
    await app.answer((node) => testModel(20, 10 * round + node));
    const replies = await connection.pull(runId, ids as string[]);
    assert.equal(replies.length, 3);
    assert.deepEqual(callsOf(channel), ["GetNodes", "PushMessages", "PullMessages"]);
    assert.deepEqual(
      replies.map((reply) => reply.content.arrayRecord("arrays")),
      [0, 1, 2].map((node) => testModel(20, 10 * round + node)),
    );
    const held = await link.messages.pullReplies(ids as string[], { runId });
    assert.ok(held.every(({ error }) => error === undefined), "not confirmed before the next call");
    await connection.push(runId, (await app.instructions(testModel(1, 99))).slice(0, 0));
    await connection.pull(runId, []);
    const gone = await link.messages.pullReplies(ids as string[], { runId });
    assert.ok(gone.every(({ error }) => error?.code === 3), "confirmed");
    callsOf(channel);
  }
});

Deno.test("a model that nodes did not change is not sent back, and each reply has a copy of its own", async () => {
  const app = await serverApp(3);
  await using _superlink = app.superlink;
  const { connection, channel, runId } = app;
  const objects: number[] = [];
  const call = channel.call.bind(channel);
  channel.call = async (method, request, options) => {
    const answer = await call(method, request, options);
    const { along } = answer.response as PullMessagesResponse;
    if (method.name === "PullMessages") objects.push(along!.objects.length);
    return answer;
  };
  for (let round = 1; round <= 2; round++) {
    const sent = testModel(10, round);
    const ids = await connection.push(runId, await app.instructions(sent));
    await app.answer((node) => node === 2 ? testModel(10, 100 + round) : sent);
    callsOf(channel);
    const [first, second, third] = await connection.pull(runId, ids as string[]);
    first!.content.arrayRecord("arrays").get("0")!.data.fill(7);
    assert.deepEqual(second!.content.arrayRecord("arrays"), testModel(10, round));
    assert.deepEqual(third!.content.arrayRecord("arrays"), testModel(10, 100 + round));
    assert.deepEqual(callsOf(channel), ["PullMessages"]);
  }
  // Message and dict of each reply; the third one's record, 10 arrays and 10 chunks.
  const each = 3 + 2 + 21;
  assert.deepEqual(objects, [each, each]);
});

Deno.test("a ServerApp's replies are spread over as many responses as needed", async () => {
  const app = await serverApp(5);
  await using _superlink = app.superlink;
  const { connection, channel, runId } = app;
  const ids = new Set(await connection.push(runId, await app.instructions(testModel(1, 1))));
  await app.answer((node) => testModel(1, node, 1.5 * 1024 * 1024));
  callsOf(channel);
  const counts = [];
  while (ids.size > 0) {
    const replies = await connection.pull(runId, [...ids] as string[]);
    counts.push(replies.length);
    for (const { metadata } of replies) ids.delete(metadata.replyToMessageId);
  }
  assert.deepEqual(counts, [2, 2, 1]);
  assert.deepEqual(callsOf(channel), ["PullMessages", "PullMessages", "PullMessages"]);
});

Deno.test("a ServerApp of a SuperLink without inline objects makes Flower's calls", async () => {
  const app = await serverApp(1, { along: false });
  await using _superlink = app.superlink;
  const { connection, channel, runId } = app;
  const ids = await connection.push(runId, await app.instructions(testModel(1, 1)));
  await app.answer(() => testModel(1, 2));
  const [reply] = await connection.pull(runId, ids as string[]);
  assert.deepEqual(reply!.content.arrayRecord("arrays"), testModel(1, 2));
  const calls = callsOf(channel);
  assert.equal(calls.filter((name) => name === "PushObject").length, 5);
  assert.equal(calls.filter((name) => name === "PullObject").length, 5);
  assert.equal(calls.filter((name) => name === "ConfirmMessageReceived").length, 1);
});

Deno.test("a call that confirms too many messages is refused", async () => {
  const app = await serverApp(0);
  await using _superlink = app.superlink;
  const confirms = Array(MAX_ALONG_CONFIRMS + 1).fill(ID);
  const along = create(AlongRequestSchema, { confirms });
  const metadata = () => Promise.resolve({ "flwr-task-token": app.token });
  await assert.rejects(
    app.channel.call(Runtime.method.pullMessages, { messageIds: [], along }, { metadata }),
    { number: 1003 },
  );
});
