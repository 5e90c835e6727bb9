/** Inline objects: how many calls a round needs, and what must not change. */
import { CHUNK_BYTES } from "../../objects/array.ts";
import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ArrayRecord } from "../../../app/array_record.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import { Message } from "../../../app/message.ts";
import { MetricRecord } from "../../../app/metric_record.ts";
import { NdArray } from "../../../app/nd_array.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import { PrivateKey } from "../../../auth/private_key.ts";
import { FlwrError } from "../../../base/error.ts";
import { settle } from "../../../base/testing/settle.ts";
import { type AlongObjectSchema, AlongRequestSchema } from "../../../proto/gen/current/along_pb.ts";
import { Fleet, type PullMessagesResponse } from "../../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../../proto/gen/current/runtime_pb.ts";
import { pushComplete } from "../../../tests/link/push_complete.ts";
import { acquireTask } from "./client/acquire_task.ts";
import { type DeflatedMessage, deflateMessages } from "./client/message_objects.ts";
import { NodeCredentials } from "./client/node_credentials.ts";
import { RuntimeClient } from "./client/runtime_client.ts";
import { RuntimeConnection } from "./client/runtime_connection.ts";
import { MAX_ALONG_BYTES, MAX_ALONG_CONFIRMS, MAX_HELD_OBJECTS } from "./limits.ts";
import { DirectChannel } from "./testing/direct_channel.ts";
import { FakeSuperLink } from "./testing/fake_superlink.ts";
import { FleetStage } from "./testing/fleet_stage.ts";

const ID = "a".repeat(64);

/** Creates a model of several different arrays. */
function model(arrays: number, seed: number, length = 1000): ArrayRecord {
  return new ArrayRecord(Object.fromEntries(Array.from({ length: arrays }, (_, place) => {
    const data = new Uint8Array(length).map((_, at) => (seed + place + (at >> 8)) % 251);
    data[0] = place;
    data[1] = seed;
    return [
      `${place}`,
      new NdArray({ dtype: "uint8", shape: [length], stype: "numpy.ndarray", data }),
    ];
  })));
}

const metrics = () => ({ metrics: new MetricRecord({ "num-examples": 1 }) });

/** Returns the names of the methods called since the last look. */
function callsOf({ calls }: DirectChannel): string[] {
  return calls.splice(0).map((path) => path.split("/").at(-1)!);
}

/** Pulls an instruction as the node, and pushes the reply. */
async function pushReply(
  stage: FleetStage,
  node: ReturnType<FleetStage["node"]>,
  instruction: Message,
  content: Parameters<Message["reply"]>[0],
): Promise<void> {
  await node.push(instruction.reply(content, { clock: stage.clock }));
}

Deno.test("a node's round of training and evaluation needs four calls, for any number of arrays", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  const { runId } = await stage.run();
  callsOf(channel);
  for (const arrays of [1, 60]) {
    for (let round = 1; round <= 2; round++) {
      const [sent, trained] = [model(arrays, round), model(arrays, 100 + round)];
      const train = await stage.instruct(runId, nodeId, { arrays: sent });
      const instruction = (await node.pull())!;
      assert.deepEqual(instruction.content.arrayRecord("arrays"), sent);
      await pushReply(stage, node, instruction, { arrays: trained, ...metrics() });
      const reply = (await stage.reply(train))!;
      assert.deepEqual(reply.content.arrayRecord("arrays"), trained);
      const evaluate = await stage.instruct(runId, nodeId, { arrays: trained }, "evaluate");
      await pushReply(stage, node, (await node.pull())!, metrics());
      assert.ok((await stage.reply(evaluate))!.hasContent);
      assert.deepEqual(
        callsOf(channel),
        ["PullMessages", "PushMessages", "PullMessages", "PushMessages"],
      );
    }
  }
});

Deno.test("a SuperLink without inline objects gets Flower's own calls", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel({ along: false });
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  const { runId } = await stage.run();
  callsOf(channel);
  const id = await stage.instruct(runId, nodeId, { arrays: model(1, 1) });
  const instruction = (await node.pull())!;
  await pushReply(stage, node, instruction, { arrays: model(1, 2) });
  assert.ok((await stage.reply(id))!.hasContent);
  const counts = Object.entries(Object.groupBy(callsOf(channel), (name) => name));
  assert.deepEqual(Object.fromEntries(counts.map(([name, calls]) => [name, calls!.length])), {
    PullMessages: 1,
    PullObject: 5,
    ConfirmMessageReceived: 1,
    PushMessages: 1,
    PushObject: 5,
  });
});

Deno.test("a SuperLink that stops supporting inline objects gets Flower's calls from then on", async () => {
  await using stage = await FleetStage.start();
  const [channel, older] = [stage.channel(), stage.channel({ along: false })];
  const call = channel.call.bind(channel);
  let downgraded = false;
  channel.call = (method, request, options) =>
    downgraded ? older.call(method, request, options) : call(method, request, options);
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, { arrays: model(2, 1) });
  const instruction = (await node.pull())!;
  downgraded = true;
  await pushReply(stage, node, instruction, { arrays: model(2, 2) });
  assert.deepEqual((await stage.reply(id))!.content.arrayRecord("arrays"), model(2, 2));
  assert.ok(callsOf(older).includes("PushObject"));
});

Deno.test("objects too large for one call are sent separately, all others inline", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  const { runId } = await stage.run();
  callsOf(channel);
  const arrays = (seed: number) =>
    new ArrayRecord({
      big: model(1, seed, 2 * CHUNK_BYTES).get("0")!,
      small: model(1, seed).get("0")!,
    });
  const id = await stage.instruct(runId, nodeId, { arrays: arrays(1) });
  const instruction = (await node.pull())!;
  await pushReply(stage, node, instruction, { arrays: arrays(2) });
  assert.deepEqual((await stage.reply(id))!.content.arrayRecord("arrays"), arrays(2));
  assert.deepEqual(callsOf(channel), [
    ...["PullMessages", "PullObject", "PullObject"],
    ...["PushMessages", "PushObject", "PushObject"],
  ]);
});

Deno.test("a model that the other end has is not sent again", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const brought = (method: string) =>
    sizes.filter(([name]) => name === method).map(([, objects]) => objects);
  const sizes: [string, number][] = [];
  const call = channel.call.bind(channel);
  channel.call = async (method, request, options) => {
    const answer = await call(method, request, options);
    const { along } = answer.response as PullMessagesResponse;
    const { along: sent } = request as MessageInitShape<typeof Fleet.method.pushMessages.input>;
    if (method.name === "PullMessages") sizes.push([method.name, along!.objects.length]);
    if (method.name === "PushMessages") sizes.push([method.name, sent!.objects!.length]);
    return answer;
  };
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  const { runId } = await stage.run();
  const arrays = model(10, 1);
  for (const type of ["evaluate", "train"]) {
    await stage.instruct(runId, nodeId, { arrays, config: new ConfigRecord({ type }) }, type);
    const instruction = (await node.pull())!;
    assert.deepEqual(instruction.content.arrayRecord("arrays"), arrays);
    await pushReply(stage, node, instruction, { arrays });
  }
  // The arrays' record, 10 arrays, 10 chunks; message, dict and configuration are new each time.
  assert.deepEqual(brought("PullMessages"), [24, 3]);
  // The message and its dict: the arrays were in the instruction.
  assert.deepEqual(brought("PushMessages"), [2, 2]);
  assert.ok(!callsOf(channel).includes("PullObject"));
});

Deno.test("an instruction whose response was lost with its inline objects is sent again", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, { arrays: model(2, 1) });
  channel.delivers = false;
  assert.equal((await node.pull())!.metadata.messageId, id);
  channel.delivers = true;
  const again = (await node.pull())!;
  assert.equal(again.metadata.messageId, id);
  assert.deepEqual(again.content.arrayRecord("arrays"), model(2, 1));
});

Deno.test("a response without memory for inline objects is sent without them", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const asked: number[] = [];
  channel.reserve = (bytes) => {
    asked.push(bytes);
    return Promise.reject(new FlwrError("unavailable", "No room"));
  };
  const credentials = new NodeCredentials(await PrivateKey.generate("P-256"), stage.clock);
  const { nodeId, call } = await signedNode(stage, channel, credentials);
  const { runId } = await stage.run();
  await stage.instruct(runId, nodeId, { arrays: model(3, 1) });
  const answer = await call({ takesBytes: 2n ** 64n - 1n });
  assert.equal(answer.messagesList.length, 1);
  assert.deepEqual(answer.along!.objects, []);
  assert.ok(asked[0]! > 3000 && asked[0]! < 6000, "the bytes count in the budget of answers");
});

/** A node whose pulls the test makes one by one. */
async function signedNode(stage: FleetStage, channel: DirectChannel, credentials: NodeCredentials) {
  const metadata = () => credentials.headers();
  const { publicKey } = credentials;
  await channel.call(Fleet.method.registerNode, { publicKey }, { metadata });
  const joined = await channel.call(
    Fleet.method.activateNode,
    { publicKey, heartbeatInterval: 30 },
    { metadata },
  );
  const { nodeId } = joined.response;
  const call = async (along?: MessageInitShape<typeof AlongRequestSchema>) => {
    const request = { node: { nodeId }, along };
    return (await channel.call(Fleet.method.pullMessages, request, { metadata })).response;
  };
  const push = async (
    { wire, tree }: Pick<DeflatedMessage, "wire" | "tree">,
    objects: MessageInitShape<typeof AlongObjectSchema>[],
  ) => {
    const request = {
      node: { nodeId },
      messagesList: [wire],
      messageObjectTrees: [tree],
      along: { objects },
    };
    return (await channel.call(Fleet.method.pushMessages, request, { metadata })).response;
  };
  return { nodeId, call, push, stage };
}

Deno.test("an instruction whose response is lost is sent with the node's next pull", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const call = channel.call.bind(channel);
  let losing = true;
  channel.call = async (method, request, options) => {
    const answer = await call(method, request, options);
    if (method.name !== "PullMessages" || !losing) return answer;
    losing = false;
    throw new FlwrError("unavailable", "The answer is lost");
  };
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, { arrays: model(2, 1) });
  await assert.rejects(node.pull(), { code: "unavailable" });
  const instruction = (await node.pull())!;
  assert.equal(instruction.metadata.messageId, id);
  await pushReply(stage, node, instruction, { arrays: model(2, 2) });
  assert.deepEqual((await stage.reply(id))!.content.arrayRecord("arrays"), model(2, 2));
});

Deno.test("a caller gets no more inline objects than it accepts, and one without the field gets Flower's response", async () => {
  await using stage = await FleetStage.start();
  const credentials = new NodeCredentials(await PrivateKey.generate("P-256"), stage.clock);
  const { nodeId, call } = await signedNode(stage, stage.channel(), credentials);
  const { runId } = await stage.run();
  let seed = 0;
  const instruct = () => stage.instruct(runId, nodeId, { arrays: model(4, ++seed) });
  await instruct();
  assert.equal((await call()).along, undefined);
  await instruct();
  const few = (await call({ takesBytes: 2000n })).along!;
  assert.ok(few.objects.reduce((sum, { content }) => sum + content.length, 0) <= 2000);
  assert.ok(few.objects.length > 0 && few.objects.length < 12);
  await instruct();
  assert.deepEqual((await call({})).along!.objects, []);
  await instruct();
  assert.equal((await call({ takesBytes: 2n ** 64n - 1n })).along!.objects.length, 11);
  await assert.rejects(call({ holds: ["x"] }), { number: 1003 });
  await assert.rejects(call({ holds: Array(MAX_HELD_OBJECTS + 1).fill(ID) }), { number: 1003 });
});

Deno.test("a push with an inline object that does not match its id, or belongs to no message, is refused as a whole", async () => {
  await using stage = await FleetStage.start();
  const credentials = new NodeCredentials(await PrivateKey.generate("P-256"), stage.clock);
  const { nodeId, call, push } = await signedNode(stage, stage.channel(), credentials);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, { arrays: model(1, 1) });
  const { messagesList: [wire] } = await call();
  const instruction = new Message({ ...wire!.metadata! }, new RecordDict());
  const reply = async (content: Parameters<Message["reply"]>[0]) =>
    (await deflateMessages([instruction.reply(content, { clock: stage.clock })]))[0]!;
  const [good, other] = [
    await reply({ arrays: model(1, 2) }),
    await reply({ arrays: model(1, 3) }),
  ];
  const of = ({ objects }: typeof good) =>
    Array.from(objects.values(), ({ id, bytes }) => ({ objectId: id, content: bytes }));
  const send = (objects: ReturnType<typeof of>) => push(good, objects);
  const [first, ...rest] = of(good);
  const malformed = { number: 1003 };
  const changed = first!.content.with(first!.content.length - 1, 255);
  await assert.rejects(send([{ ...first!, content: changed }, ...rest]), malformed);
  await assert.rejects(send([{ ...first!, content: new Uint8Array() }, ...rest]), malformed);
  await assert.rejects(send([...of(good), first!]), malformed);
  await assert.rejects(send([...of(good), of(other)[0]!]), malformed);
  const forged = Message.create({ content: new RecordDict(), dstNodeId: 1n, messageType: "train" })
    .withMetadata({ runId, srcNodeId: 99n });
  const [foreign] = await deflateMessages([forged]);
  const tree = {
    ...good.tree,
    children: [{ ...good.tree.children[0]!, children: [foreign!.tree] }],
  };
  await assert.rejects(push({ wire: good.wire, tree }, of(foreign!)), malformed);
  assert.equal(await stage.reply(id), undefined, "nothing was stored");
  const { objectsToPush, along } = await send(of(good));
  assert.deepEqual(objectsToPush, []);
  assert.equal(along!.takesBytes, BigInt(MAX_ALONG_BYTES));
  assert.deepEqual((await stage.reply(id))!.content.arrayRecord("arrays"), model(1, 2));
});

Deno.test("an instruction with a damaged inline object gets an error reply", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const call = channel.call.bind(channel);
  channel.call = async (method, request, options) => {
    const answer = await call(method, request, options);
    if (method.name === "PullMessages") {
      const [object] = (answer.response as PullMessagesResponse).along!.objects;
      if (object !== undefined) object.content[object.content.length - 1]! ^= 1;
    }
    return answer;
  };
  const node = stage.node(undefined, channel);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, await node.join(30), { arrays: model(1, 1) });
  const stop = new AbortController();
  const pulling = node.pull(stop.signal).catch(() => undefined);
  let reply = await stage.reply(id);
  for (; reply === undefined; reply = await stage.reply(id)) await settle();
  stop.abort();
  await pulling;
  assert.match(reply.error!.reason, /could not read the instruction/);
});

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
    const ids = await connection.push(runId, await app.instructions(model(20, round)));
    await app.answer((node) => model(20, 10 * round + node));
    const replies = await connection.pull(runId, ids as string[]);
    assert.equal(replies.length, 3);
    assert.deepEqual(callsOf(channel), ["GetNodes", "PushMessages", "PullMessages"]);
    assert.deepEqual(
      replies.map((reply) => reply.content.arrayRecord("arrays")),
      [0, 1, 2].map((node) => model(20, 10 * round + node)),
    );
    const held = await link.messages.pullReplies(ids as string[], { runId });
    assert.ok(held.every(({ error }) => error === undefined), "not confirmed before the next call");
    await connection.push(runId, (await app.instructions(model(1, 99))).slice(0, 0));
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
    const sent = model(10, round);
    const ids = await connection.push(runId, await app.instructions(sent));
    await app.answer((node) => node === 2 ? model(10, 100 + round) : sent);
    callsOf(channel);
    const [first, second, third] = await connection.pull(runId, ids as string[]);
    first!.content.arrayRecord("arrays").get("0")!.data.fill(7);
    assert.deepEqual(second!.content.arrayRecord("arrays"), model(10, round));
    assert.deepEqual(third!.content.arrayRecord("arrays"), model(10, 100 + round));
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
  const ids = new Set(await connection.push(runId, await app.instructions(model(1, 1))));
  await app.answer((node) => model(1, node, 1.5 * 1024 * 1024));
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
  const ids = await connection.push(runId, await app.instructions(model(1, 1)));
  await app.answer(() => model(1, 2));
  const [reply] = await connection.pull(runId, ids as string[]);
  assert.deepEqual(reply!.content.arrayRecord("arrays"), model(1, 2));
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
