import assert from "node:assert/strict";
import { ArrayRecord } from "../../../../app/array_record.ts";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { Message } from "../../../../app/message.ts";
import { MessageErrorCode } from "../../../../entities/metadata.ts";
import { releaseMessage } from "../../../../app/message_memory.ts";
import { NdArray } from "../../../../app/nd_array.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { tensor } from "../../../../tensor/tensor.ts";
import { FakeBackend } from "../testing/fake_backend.ts";
import { RuntimeClient } from "./runtime_client.ts";
import { RuntimeConnection } from "./runtime_connection.ts";

const PUSH_OBJECT = "/flwr.proto.Runtime/PushObject";

const model = () =>
  new RecordDict({
    arrays: new ArrayRecord({
      w: NdArray.fromTensor(tensor("float32", [3], new Float32Array([1, 2, 3]))),
    }),
    config: new ConfigRecord({ "server-round": 1 }),
  });

/** A ServerApp's connection to an in-memory server. */
function connect(server = new FakeBackend()) {
  const clock = new FakeClock();
  const channel = server.channel();
  const client = new RuntimeClient(channel, server.task.token);
  const connection = new RuntimeConnection(client, 7n, clock);
  const instruct = (dstNodeId: bigint, content = model()) =>
    Message.create({ content, dstNodeId, messageType: "train", clock });
  return { server, channel, client, connection, clock, instruct };
}

/** Pushes one instruction, and returns it as its node gets it. */
async function handedOut({ connection, instruct }: ReturnType<typeof connect>): Promise<Message> {
  const instruction = instruct(4n);
  const [messageId] = await connection.push(7n, [instruction]);
  return instruction.withMetadata({ runId: 7n, messageId: messageId! });
}

Deno.test("runtime connection: the run is the task's", async () => {
  const { connection, server } = connect();
  server.online = [4n, 5n].map((nodeId) => ({
    nodeId,
    state: "online",
    registeredBy: "self",
    onlineUntil: 1,
    heartbeatInterval: 30,
    registeredAt: 1,
  }));
  assert.equal(await connection.createRun(), 7n);
  assert.deepEqual(await connection.nodes(7n), [{ nodeId: 4n }, { nodeId: 5n }]);
});

Deno.test("runtime connection: a model for many nodes is sent once, and not again in the next push", async () => {
  const { connection, channel, instruct, server } = connect();
  const content = model();
  const ids = await connection.push(7n, [instruct(4n, content), instruct(5n, content)]);
  // ArrayChunk, Array, ArrayRecord, ConfigRecord, RecordDict, and a Message for each node.
  const pushes = () => channel.calls.filter((path) => path === PUSH_OBJECT).length;
  assert.equal(pushes(), 7);
  assert.deepEqual(ids, [...server.messages.keys()]);
  for (const message of server.messages.values()) {
    assert.equal(message.srcNodeId, 1n);
    assert.equal(message.runId, 7n);
  }
  await connection.push(7n, [instruct(6n, model())]);
  assert.equal(pushes(), 8);
});

Deno.test("runtime connection: a refused instruction has no id, the others have one", async () => {
  const { connection, instruct, server } = connect();
  server.refused.add(4n);
  const [refused, taken] = await connection.push(7n, [instruct(4n), instruct(5n)]);
  assert.equal(refused, undefined);
  assert.equal(server.messages.get(taken!)?.dstNodeId, 5n);
});

Deno.test("runtime connection: announces messages again after the server's push session ended", async () => {
  const { connection, instruct, server, channel } = connect();
  server.forgetful = 2;
  await connection.push(7n, [instruct(4n)]);
  const announced = channel.calls.filter((path) => path.endsWith("/PushMessages")).length;
  assert.equal(announced, 2);
  assert.equal(server.objects.size, 6);
  server.forgetful = Infinity;
  await assert.rejects(connection.push(7n, [instruct(5n)]), { code: "unavailable" });
});

Deno.test("runtime connection: a reply is received with its records, and confirmed", async () => {
  const connected = connect();
  const { connection, server, clock } = connected;
  const instruction = await handedOut(connected);
  await server.reply(instruction.reply(model(), { clock }));
  const [reply] = await connection.pull(7n, [instruction.metadata.messageId]);
  assert.equal(reply!.metadata.replyToMessageId, instruction.metadata.messageId);
  assert.equal(reply!.metadata.srcNodeId, 4n);
  const weights = reply!.content.arrayRecord("arrays").get("w")!.toTensor();
  assert.deepEqual([...weights.data], [1, 2, 3]);
  assert.deepEqual(server.confirmed, [reply!.metadata.messageId]);
});

Deno.test("runtime connection: a pull waits until there is a reply", async () => {
  const connected = connect();
  const { connection, server, clock } = connected;
  const instruction = await handedOut(connected);
  const pulled = connection.pull(7n, [instruction.metadata.messageId]);
  await server.reply(instruction.reply(new RecordDict(), { clock }));
  assert.equal((await pulled).length, 1);
  assert.equal(server.lingerSeconds, 0);
});

Deno.test("runtime connection: an error needs no objects", async () => {
  const connected = connect();
  const { connection, server, clock, channel } = connected;
  const instruction = await handedOut(connected);
  await server.reply(instruction.replyError(2, "It broke", { clock }), () => true);
  const [reply] = await connection.pull(7n, [instruction.metadata.messageId]);
  assert.deepEqual(reply!.error, { code: 2, reason: "It broke" });
  assert.ok(!channel.calls.some((path) => path.endsWith("/PullObject")));
  assert.equal(server.confirmed.length, 1);
});

Deno.test("runtime connection: a reply whose objects are lost becomes an error", async () => {
  const connected = connect();
  const { connection, server, clock } = connected;
  const instruction = await handedOut(connected);
  const reply = new RecordDict({ config: new ConfigRecord({ only: "here" }) });
  await server.reply(instruction.reply(reply, { clock }), ({ children }) => children.length === 0);
  const [lost] = await connection.pull(7n, [instruction.metadata.messageId]);
  assert.equal(lost!.error?.code, MessageErrorCode.ReplyUnavailable);
  assert.equal(lost!.metadata.srcNodeId, 4n);
});

Deno.test("runtime connection: reports a stopped run, and ends waiting calls", async () => {
  const connected = connect();
  const { connection, server, client } = connected;
  const instruction = await handedOut(connected);
  const ended = { name: "FlwrError", code: "cancelled" };
  const waiting = assert.rejects(connection.pull(7n, [instruction.metadata.messageId]), ended);
  server.good = false;
  await assert.rejects(connection.nodes(7n), ended);
  await waiting;
  assert.equal(client.ended.aborted, true);
  assert.ok(client.ended.reason instanceof FlwrError);
});

Deno.test("runtime connection: a large array of a reply is aligned, and freed with its reply alone", async () => {
  const set = connect();
  const { connection, server } = set;
  const instruction = await handedOut(set);
  // Two arrays share a chunk, one has several, one is small.
  const values = Float32Array.from({ length: 40_000 }, (_, i) => i);
  const large = tensor("float32", [values.length], values);
  const huge = tensor("float64", [10 ** 6], new Float64Array(10 ** 6).fill(3));
  const arrays = ArrayRecord.fromTensors({
    a: large,
    b: large,
    huge,
    c: tensor("float32", [1], Float32Array.of(7)),
  });
  await server.reply(instruction.reply({ arrays }, { clock: set.clock }));
  const [reply] = await connection.pull(7n, [instruction.metadata.messageId]) as [Message];
  const record = reply.content.arrayRecord("arrays");
  for (const name of ["a", "b", "huge"]) {
    const { data } = record.viewTensors().get(name)!;
    assert.equal(data.buffer, record.get(name)!.data.buffer); // a view, not a copy
    assert.deepEqual(data, name === "huge" ? huge.data : values);
  }
  releaseMessage(reply);
  assert.deepEqual(
    [...record].map(([name, { data }]) => [name, data.length > 0]),
    [["a", false], ["b", false], ["huge", false], ["c", true]],
  );
});

Deno.test("runtime connection: an instruction keeps its arrays when it has been pushed, and can be pushed again", async () => {
  const { connection, server, instruct } = connect();
  const values = Float32Array.from({ length: 40_000 }, (_, i) => i);
  const arrays = ArrayRecord.fromTensors({ a: tensor("float32", [values.length], values) });
  const content = new RecordDict({ arrays });
  for (const nodeId of [4n, 5n]) {
    const [id] = await connection.push(7n, [instruct(nodeId, content)]);
    assert.equal(server.messages.get(id!)?.dstNodeId, nodeId);
    assert.deepEqual(arrays.viewTensors().get("a")!.data, values);
  }
  const large = server.objects.values().filter(({ bytes }) => bytes.length > 100_000).toArray();
  assert.equal(large.length, 1, "what the server got is not changed");
});

Deno.test("runtime connection: chunks are freed as they are joined, unless another array needs them", async () => {
  const set = connect();
  const { connection, server } = set;
  const instruction = await handedOut(set);
  const filled = (length: number) =>
    tensor("float64", [length], Float64Array.from({ length }, (_, i) => i % 100_000));
  // Equal arrays are one object with two names. A longer one has other chunks, and zeros one chunk several times.
  const [twice, longer] = [filled(2_000_000), filled(2_500_000)];
  const zeros = tensor("float64", [4_000_000], new Float64Array(4_000_000));
  const tensors = { a: twice, b: twice, longer, zeros };
  const arrays = ArrayRecord.fromTensors(tensors);
  await server.reply(instruction.reply({ arrays, again: arrays }, { clock: set.clock }));
  const [reply] = await connection.pull(7n, [instruction.metadata.messageId]) as [Message];
  for (const record of ["arrays", "again"]) {
    const received = reply.content.arrayRecord(record).viewTensors();
    for (const [name, { data }] of Object.entries(tensors)) {
      assert.deepEqual(received.get(name)!.data, data, `${record} ${name}`);
    }
  }
});
