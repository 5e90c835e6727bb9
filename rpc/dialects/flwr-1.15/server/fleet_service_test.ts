import assert from "node:assert/strict";
import type { DescMethod, MessageInitShape } from "@bufbuild/protobuf";
import { ArrayRecord } from "../../../../app/array_record.ts";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { MessageErrorCode } from "../../../../entities/metadata.ts";
import { MetricRecord } from "../../../../app/metric_record.ts";
import { NdArray } from "../../../../app/nd_array.ts";
import { PrivateKey } from "../../../../auth/private_key.ts";
import { Fleet as CurrentFleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { Fleet } from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import type { Message, ObjectTree } from "../../../../proto/gen/flwr-1.15/message_pb.ts";
import type { RecordSetSchema } from "../../../../proto/gen/flwr-1.15/recordset_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { NodeCredentials } from "../../current/client/node_credentials.ts";
import { FleetStage } from "../../current/testing/fleet_stage.ts";

const array = new NdArray({
  dtype: "float32",
  shape: [2],
  stype: "numpy.ndarray",
  data: Uint8Array.of(1, 2, 3),
});
const content = {
  arrays: new ArrayRecord([["weights", array]]),
  metrics: new MetricRecord({ loss: 0.5 }),
  config: new ConfigRecord({ text: "why?", big: 2n ** 64n - 1n }),
};

/** A node whose calls the test makes one by one. */
async function node(stage: FleetStage, key?: PrivateKey) {
  key ??= await PrivateKey.generate("P-256");
  const credentials = new NodeCredentials(key, stage.clock);
  const channel = stage.channel();
  async function call<M extends DescMethod>(method: M, request: MessageInitShape<M["input"]>) {
    const { response } = await channel.call(method, request, {
      metadata: () => credentials.headers(),
    });
    return response;
  }
  const join = async () => (await call(Fleet.method.createNode, { heartbeatInterval: 30 })).node!;
  return { key, channel, call, join };
}

/** Creates a node of 1.15 to 1.18 that has joined and pinged. */
async function wholeNode(stage: FleetStage) {
  const member = await node(stage);
  const self = await member.join();
  await member.call(Fleet.method.ping, { node: self, pingInterval: 30 });
  return { ...member, self };
}

/** Pulls an instruction as such a node. */
async function pulledWhole(stage: FleetStage) {
  const member = await wholeNode(stage);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, member.self.nodeId, content);
  const { messagesList: [message], messageObjectTrees } = await member.call(
    Fleet.method.pullMessages,
    { node: member.self },
  );
  assert.deepEqual(messageObjectTrees, []);
  return { ...member, runId, id, message: message! };
}

/** Creates the reply to an instruction as 1.15 to 1.18 push it: without an id. */
function replyTo({ metadata }: Message) {
  const { srcNodeId, dstNodeId, messageId, ...same } = metadata!;
  return {
    ...same,
    messageId: "",
    srcNodeId: dstNodeId,
    dstNodeId: srcNodeId,
    replyToMessageId: messageId,
  };
}

Deno.test("a node that pings gets a whole instruction, and its whole reply is accepted", async () => {
  await using stage = await FleetStage.start();
  const { self, call, message, id } = await pulledWhole(stage);
  assert.equal(message.metadata!.messageId, id);
  assert.equal(message.metadata!.dstNodeId, self.nodeId);
  const { parameters, metrics, configs } = message.content!;
  assert.deepEqual(parameters["arrays"]!.dataKeys, ["weights"]);
  assert.equal(parameters["arrays"]!.dataValues[0]!.data.toHex(), array.data.toHex());
  assert.equal(metrics["metrics"]!.data["loss"]!.value.value, 0.5);
  assert.equal(configs["config"]!.data["big"]!.value.value, 2n ** 64n - 1n);

  const { results } = await call(Fleet.method.pushMessages, {
    node: self,
    messagesList: [{ metadata: replyTo(message), content: message.content! }],
  });
  const reply = (await stage.reply(id))!;
  assert.deepEqual(results, { [reply.metadata.messageId]: 0 });
  assert.equal(reply.content.arrayRecord("arrays").get("weights")!.data.toHex(), "010203");
  assert.equal(reply.content.configRecord("config").string("text"), "why?");
  assert.equal(reply.metadata.srcNodeId, self.nodeId);
});

Deno.test("a node that sends current heartbeats gets its instruction as objects", async () => {
  await using stage = await FleetStage.start();
  const { call, join } = await node(stage);
  const self = await join();
  await call(Fleet.method.sendNodeHeartbeat, { node: self, heartbeatInterval: 30 });
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, self.nodeId, content);
  const answer = await call(Fleet.method.pullMessages, { node: self });
  assert.deepEqual(answer.messagesList[0]!.content!.parameters, {});
  assert.equal(answer.messageObjectTrees[0]!.objectId, id);
  const pulled = await call(CurrentFleet.method.pullObject, { node: self, runId, objectId: id });
  assert.ok(pulled.objectAvailable);
  await call(CurrentFleet.method.confirmMessageReceived, {
    node: self,
    runId,
    messageObjectId: id,
  });
});

Deno.test("a node of 1.19 reads and requests what no other version does, and is refused", async () => {
  await using stage = await FleetStage.start();
  const { call, join } = await node(stage);
  const self = await join();
  await call(Fleet.method.sendNodeHeartbeat, { node: self, heartbeatInterval: 30 });
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, self.nodeId, content);
  const { messageObjectTrees: trees } = await call(Fleet.method.pullMessages, { node: self });
  // As 1.19 reads them: entries of a map, of which the last counts.
  assert.deepEqual(trees.map(({ objectId }) => objectId), [id, id]);
  const [witness] = trees[1]!.children;
  assert.deepEqual(witness!.children, []);
  assert.ok(!idsIn(trees[0]!).includes(witness!.objectId));

  const confirm = () =>
    call(Fleet.method.confirmMessageReceived, { node: self, runId, messageObjectId: id });
  const objectId = witness!.objectId;
  const pulled = await call(Fleet.method.pullObject, { node: self, runId, objectId });
  assert.ok(pulled.objectFound && pulled.objectAvailable, "it must come to its confirmation");
  await assert.rejects(confirm(), { code: "failed-precondition", message: /Flower 1\.19/ });
  assert.deepEqual(stage.nodes119, [self.nodeId]);
  // The same key with another version, which does not request it.
  await confirm();

  const today = await node(stage);
  const nodeId = await stage.node(today.key, today.channel).join(30);
  const own = { node: { nodeId }, runId };
  await today.call(Fleet.method.pullObject, { ...own, objectId });
  await today.call(Fleet.method.confirmMessageReceived, { ...own, messageObjectId: id });
});

function idsIn({ objectId, children }: ObjectTree): string[] {
  return [objectId, ...children.flatMap(idsIn)];
}

Deno.test("a pull waits for the node's first heartbeat, also after it joined again", async () => {
  await using stage = await FleetStage.start();
  const { call, join } = await node(stage);
  const self = await join();
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, self.nodeId, content);
  const early = call(Fleet.method.pullMessages, { node: self });
  await call(Fleet.method.ping, { node: self, pingInterval: 30 });
  assert.equal((await early).messagesList[0]!.metadata!.messageId, id);

  // It joins again, perhaps as another version, so it must show its version again.
  await join();
  const waiting = call(Fleet.method.pullMessages, { node: self });
  await call(Fleet.method.sendNodeHeartbeat, { node: self, heartbeatInterval: 30 });
  assert.equal((await waiting).messageObjectTrees[0]!.objectId, id);
});

Deno.test("current nodes are served unchanged by the service that also serves older ones", async () => {
  await using stage = await FleetStage.start();
  const key = await PrivateKey.generate("P-256");
  const connection = stage.node(key);
  const nodeId = await connection.join(30);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, content);
  const message = (await connection.pull())!;
  await connection.push(message.reply(content, { clock: stage.clock }));
  assert.deepEqual([...(await stage.reply(id))!.content.keys()], Object.keys(content));
  assert.equal((await stage.link.nodes.ofKey(key.publicKey.spki))!.wire, "current");
});

Deno.test("an unacceptable whole reply becomes an error reply", async () => {
  const arrays = { dataKeys: ["a", "b"], dataValues: [] };
  const broken: [string, MessageInitShape<typeof RecordSetSchema> | undefined][] = [
    ["share the name", { parameters: { x: {} }, metrics: { x: {} } }],
    ["2 names for 0 arrays", { parameters: { x: arrays } }],
    ["exactly one of content and error", undefined],
  ];
  for (const [words, content] of broken) {
    await using stage = await FleetStage.start();
    const { self, call, message, id } = await pulledWhole(stage);
    await call(Fleet.method.pushMessages, {
      node: self,
      messagesList: [{ metadata: replyTo(message), ...(content && { content }) }],
    });
    const { error } = (await stage.reply(id))!;
    assert.equal(error?.code, MessageErrorCode.Unknown);
    assert.ok(error.reason.includes(words), error.reason);
  }
});

Deno.test("an error reply reaches the ServerApp unchanged", async () => {
  await using stage = await FleetStage.start();
  const { self, call, message, id } = await pulledWhole(stage);
  const error = { code: BigInt(MessageErrorCode.ClientAppRaised), reason: "no data" };
  await call(Fleet.method.pushMessages, {
    node: self,
    messagesList: [{ metadata: replyTo(message), error }],
  });
  const reply = (await stage.reply(id))!;
  assert.deepEqual({ ...reply.error }, {
    code: MessageErrorCode.ClientAppRaised,
    reason: "no data",
  });
});

Deno.test("a push for a finished run, of too many messages, or of none is refused with Flower's number", async () => {
  await using stage = await FleetStage.start();
  const { self, call, message, runId } = await pulledWhole(stage);
  const reply = { metadata: replyTo(message), content: message.content! };
  const push = (messagesList: (typeof reply)[]) =>
    call(Fleet.method.pushMessages, { node: self, messagesList });
  for (const messages of [[], new Array(101).fill(reply)]) {
    await assert.rejects(push(messages), apiError("message-count-invalid"));
  }
  await stage.link.runs.stop(runId);
  await assert.rejects(push([reply]), apiError("run-not-running"));
});

function apiError(api: string) {
  return (error: unknown) => {
    assert.ok(error instanceof ApiError, String(error));
    assert.equal(error.api, api);
    return true;
  };
}

Deno.test("a node can act only for itself", async () => {
  await using stage = await FleetStage.start();
  const { self, call, message } = await pulledWhole(stage);
  const other = await wholeNode(stage);
  const reply = { metadata: replyTo(message), content: message.content! };
  const denied = { code: "unauthenticated" };
  await assert.rejects(
    other.call(Fleet.method.pushMessages, { node: other.self, messagesList: [reply] }),
    denied,
  );
  await assert.rejects(other.call(Fleet.method.pullMessages, { node: self }), denied);
  await assert.rejects(other.call(Fleet.method.ping, { node: self, pingInterval: 30 }), denied);
  await assert.rejects(other.call(Fleet.method.deleteNode, { node: self }), denied);
  await call(Fleet.method.deleteNode, { node: self });
  assert.equal((await call(Fleet.method.ping, { node: self, pingInterval: 30 })).success, false);
});

Deno.test("an unknown key learns at its join that only known keys are admitted", async () => {
  await using stage = await FleetStage.start({ knownKeysOnly: true });
  const stranger = await node(stage);
  await assert.rejects(stranger.join(), { code: "unauthenticated" });
  stage.list(stranger.key.publicKey);
  const self = await stranger.join();
  const owned = await node(stage);
  const { nodeId } = await stage.link.nodes.register({ publicKey: owned.key.publicKey.spki });
  assert.equal((await owned.join()).nodeId, nodeId);
  // Removed from the list, it is disconnected during its pull.
  await stranger.call(Fleet.method.ping, { node: self, pingInterval: 30 });
  const waiting = stranger.call(Fleet.method.pullMessages, { node: self });
  await stage.pulling;
  stage.list();
  await assert.rejects(waiting, { code: "unauthenticated" });
  await assert.rejects(stranger.call(Fleet.method.ping, { node: self, pingInterval: 30 }), {
    code: "unauthenticated",
  });
});

Deno.test("an invalid heartbeat interval is refused with Flower's number", async () => {
  await using stage = await FleetStage.start();
  const { call, join } = await node(stage);
  const refused = apiError("heartbeat-interval-invalid");
  await assert.rejects(call(Fleet.method.createNode, { heartbeatInterval: 0 }), refused);
  const self = await join();
  await assert.rejects(call(Fleet.method.ping, { node: self, pingInterval: 1e9 }), refused);
});
