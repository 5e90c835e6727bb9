import { CHUNK_BYTES } from "../../objects/array.ts";
import assert from "node:assert/strict";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ArrayRecord } from "../../../app/array_record.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import { Message } from "../../../app/message.ts";
import { MetricRecord } from "../../../app/metric_record.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import { PrivateKey } from "../../../auth/private_key.ts";
import { FlwrError } from "../../../base/error.ts";
import { settle } from "../../../base/testing/settle.ts";
import type { AlongObjectSchema, AlongRequestSchema } from "../../../proto/gen/current/along_pb.ts";
import { Fleet, type PullMessagesResponse } from "../../../proto/gen/current/fleet_pb.ts";
import { type DeflatedMessage, deflateMessages } from "./client/message_objects.ts";
import { NodeCredentials } from "./client/node_credentials.ts";
import { MAX_ALONG_BYTES, MAX_HELD_OBJECTS } from "./limits.ts";
import { callsOf, type DirectChannel } from "./testing/direct_channel.ts";
import { FleetStage } from "./testing/fleet_stage.ts";
import { testModel } from "./testing/test_model.ts";

const ID = "a".repeat(64);

const metrics = () => ({ metrics: new MetricRecord({ "num-examples": 1 }) });

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
      const [sent, trained] = [testModel(arrays, round), testModel(arrays, 100 + round)];
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
  const id = await stage.instruct(runId, nodeId, { arrays: testModel(1, 1) });
  const instruction = (await node.pull())!;
  await pushReply(stage, node, instruction, { arrays: testModel(1, 2) });
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
  const id = await stage.instruct(runId, nodeId, { arrays: testModel(2, 1) });
  const instruction = (await node.pull())!;
  downgraded = true;
  await pushReply(stage, node, instruction, { arrays: testModel(2, 2) });
  assert.deepEqual((await stage.reply(id))!.content.arrayRecord("arrays"), testModel(2, 2));
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
      big: testModel(1, seed, 2 * CHUNK_BYTES).get("0")!,
      small: testModel(1, seed).get("0")!,
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
  const arrays = testModel(10, 1);
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
  const id = await stage.instruct(runId, nodeId, { arrays: testModel(2, 1) });
  channel.delivers = false;
  assert.equal((await node.pull())!.metadata.messageId, id);
  channel.delivers = true;
  const again = (await node.pull())!;
  assert.equal(again.metadata.messageId, id);
  assert.deepEqual(again.content.arrayRecord("arrays"), testModel(2, 1));
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
  await stage.instruct(runId, nodeId, { arrays: testModel(3, 1) });
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
  const id = await stage.instruct(runId, nodeId, { arrays: testModel(2, 1) });
  await assert.rejects(node.pull(), { code: "unavailable" });
  const instruction = (await node.pull())!;
  assert.equal(instruction.metadata.messageId, id);
  await pushReply(stage, node, instruction, { arrays: testModel(2, 2) });
  assert.deepEqual((await stage.reply(id))!.content.arrayRecord("arrays"), testModel(2, 2));
});

Deno.test("a caller gets no more inline objects than it accepts, and one without the field gets Flower's response", async () => {
  await using stage = await FleetStage.start();
  const credentials = new NodeCredentials(await PrivateKey.generate("P-256"), stage.clock);
  const { nodeId, call } = await signedNode(stage, stage.channel(), credentials);
  const { runId } = await stage.run();
  let seed = 0;
  const instruct = () => stage.instruct(runId, nodeId, { arrays: testModel(4, ++seed) });
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
  const id = await stage.instruct(runId, nodeId, { arrays: testModel(1, 1) });
  const { messagesList: [wire] } = await call();
  const instruction = new Message({ ...wire!.metadata! }, new RecordDict());
  const reply = async (content: Parameters<Message["reply"]>[0]) =>
    (await deflateMessages([instruction.reply(content, { clock: stage.clock })]))[0]!;
  const [good, other] = [
    await reply({ arrays: testModel(1, 2) }),
    await reply({ arrays: testModel(1, 3) }),
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
  assert.deepEqual((await stage.reply(id))!.content.arrayRecord("arrays"), testModel(1, 2));
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
  const id = await stage.instruct(runId, await node.join(30), { arrays: testModel(1, 1) });
  const stop = new AbortController();
  const pulling = node.pull(stop.signal).catch(() => undefined);
  let reply = await stage.reply(id);
  for (; reply === undefined; reply = await stage.reply(id)) await settle();
  stop.abort();
  await pulling;
  assert.match(reply.error!.reason, /could not read the instruction/);
});
