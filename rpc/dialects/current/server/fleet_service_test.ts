import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { create, type DescMethod, type MessageInitShape } from "@bufbuild/protobuf";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { Message } from "../../../../app/message.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { PrivateKey } from "../../../../auth/private_key.ts";
import { Fleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { ErrorSchema, ObjectTreeSchema } from "../../../../proto/gen/current/message_pb.ts";
import { ApiError, type ApiErrorName } from "../../../api_error.ts";
import { deflateMessages } from "../client/message_objects.ts";
import { NodeCredentials } from "../client/node_credentials.ts";
import { FleetStage } from "../testing/fleet_stage.ts";

const ID = "a".repeat(64);
const content = { question: new ConfigRecord({ text: "why?" }) };

/** A node that has joined, whose calls the test makes one by one. */
async function joinedNode(stage: FleetStage) {
  const key = await PrivateKey.generate("P-256");
  const credentials = new NodeCredentials(key, stage.clock);
  const channel = stage.channel();
  const nodeId = await stage.node(key, channel).join(30);
  async function call<M extends DescMethod>(method: M, request: MessageInitShape<M["input"]>) {
    const { response } = await channel.call(method, request, {
      metadata: () => credentials.headers(),
    });
    return response;
  }
  return { nodeId, node: { nodeId }, call, channel };
}

const refused = (api: ApiErrorName) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.api, api, error.message);
  return true;
};

/** Creates a reply to the node's instruction, ready to be pushed. */
async function pulledReply(stage: FleetStage, answer = content) {
  const member = await joinedNode(stage);
  const run = await stage.run();
  const id = await stage.instruct(run.runId, member.nodeId, content, "query");
  const { messagesList: [wire] } = await member.call(Fleet.method.pullMessages, {
    node: member.node,
  });
  assert.equal(wire!.metadata!.messageId, id);
  const { clock } = stage;
  const instruction = new Message({ ...wire!.metadata! }, new RecordDict());
  const [reply] = await deflateMessages([instruction.reply(answer, { clock })]);
  return { ...member, runId: run.runId, instructionId: id, reply: reply! };
}

Deno.test("an instruction is sent without its content, with the tree of its objects", async () => {
  await using stage = await FleetStage.start();
  const { node, nodeId, call } = await joinedNode(stage);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, content, "query");
  const answer = await call(Fleet.method.pullMessages, { node });
  assert.equal(answer.messagesList.length, 1);
  const [message] = answer.messagesList;
  assert.deepEqual(message!.content?.items, [], "Flower wants an empty content, not none");
  assert.equal(answer.messageObjectTrees[0]!.objectId, id);
  const [dict] = answer.messageObjectTrees[0]!.children;
  for (const objectId of [id, dict!.objectId, dict!.children[0]!.objectId]) {
    const pulled = await call(Fleet.method.pullObject, { node, runId, objectId });
    assert.ok(pulled.objectFound && pulled.objectAvailable);
    assert.equal(createHash("sha256").update(pulled.objectContent).digest("hex"), objectId);
  }
  await call(Fleet.method.confirmMessageReceived, { node, runId, messageObjectId: id });
});

Deno.test("an instruction whose response was lost is sent again", async () => {
  await using stage = await FleetStage.start();
  const { node, nodeId, call, channel } = await joinedNode(stage);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, content, "query");
  channel.delivers = false;
  await call(Fleet.method.pullMessages, { node });
  channel.delivers = true;
  const again = await call(Fleet.method.pullMessages, { node });
  assert.equal(again.messagesList[0]!.metadata!.messageId, id);
});

Deno.test("a reply takes effect after it is announced and its objects are pushed", async () => {
  await using stage = await FleetStage.start();
  const { node, runId, instructionId, reply, call } = await pulledReply(stage);
  const announced = await call(Fleet.method.pushMessages, {
    node,
    messagesList: [reply.wire],
    messageObjectTrees: [reply.tree],
    clientappRuntimeList: [1.5],
  });
  assert.deepEqual(announced.results, { [reply.id]: 0 });
  assert.ok(announced.objectsToPush.includes(reply.id));
  assert.ok(announced.sessionId !== "");
  for (const objectId of announced.objectsToPush) {
    assert.equal(await stage.reply(instructionId), undefined);
    const { stored } = await call(Fleet.method.pushObject, {
      node,
      runId,
      objectId,
      objectContent: reply.objects.get(objectId)!.bytes,
      sessionId: announced.sessionId,
    });
    assert.ok(stored);
  }
  const taken = await stage.reply(instructionId);
  assert.equal(taken!.content.configRecord("question").string("text"), "why?");
  assert.equal((await stage.link.runs.get(runId))!.clientAppSeconds, 1.5);
});

Deno.test("objects that do not match their id, or are another sender's message, are not stored", async () => {
  await using stage = await FleetStage.start();
  const { node, runId, reply, call } = await pulledReply(stage);
  const { sessionId } = await call(Fleet.method.pushMessages, {
    node,
    messagesList: [reply.wire],
    messageObjectTrees: [reply.tree],
  });
  const push = async (objectId: string, objectContent: Uint8Array) =>
    (await call(Fleet.method.pushObject, { node, runId, objectId, objectContent, sessionId }))
      .stored;
  const { bytes } = reply.objects.get(reply.id)!;
  assert.equal(await push(reply.id, bytes.with(bytes.length - 1, 255)), false);
  assert.equal(await push(reply.id, new Uint8Array()), false);
  assert.equal(await push(ID, bytes), false);
  const forged = Message.create({ content, dstNodeId: 1n, messageType: "query" })
    .withMetadata({ runId, srcNodeId: 99n });
  const [other] = await deflateMessages([forged]);
  assert.equal(await push(other!.id, other!.objects.get(other!.id)!.bytes), false);
  assert.equal(await push(reply.id, bytes), true);
});

Deno.test("a node gets the objects of its own instructions only", async () => {
  await using stage = await FleetStage.start();
  const [owner, other] = [await joinedNode(stage), await joinedNode(stage)];
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, owner.nodeId, content, "query");
  const pull = (by: typeof owner) =>
    by.call(Fleet.method.pullObject, { node: by.node, runId, objectId: id });
  assert.equal((await pull(owner)).objectFound, false, "not handed out yet");
  await owner.call(Fleet.method.pullMessages, { node: owner.node });
  assert.equal((await pull(owner)).objectFound, true);
  assert.equal((await pull(other)).objectFound, false);
});

Deno.test("inconsistent announcements are refused before anything is stored", async () => {
  await using stage = await FleetStage.start();
  const { node, reply, call } = await pulledReply(stage);
  const { wire, tree } = reply;
  const push = (messagesList: unknown[], messageObjectTrees: unknown[]) =>
    call(Fleet.method.pushMessages, { node, messagesList, messageObjectTrees } as never);
  await assert.rejects(push([], []), refused("message-count-invalid"));
  await assert.rejects(push([wire], []), refused("message-count-invalid"));
  await assert.rejects(push([], [tree]), refused("message-count-invalid"));
  const { metadata, ...rest } = wire;
  for (
    const [messages, trees] of [
      [[{ ...wire, content: undefined }], [tree]],
      [[{ ...wire, error: create(ErrorSchema, { code: 1n }) }], [tree]],
      [[{ ...rest, metadata: { ...metadata!, messageId: ID } }], [tree]],
      [[wire], [{ ...tree, objectId: "x" }]],
      [[wire], [{ ...tree, children: [] }]],
      [[wire], [create(ObjectTreeSchema, {
        objectId: reply.id,
        children: [{ objectId: ID, children: [{ objectId: ID }] }],
      })]],
    ]
  ) await assert.rejects(push(messages!, trees!), refused("request-malformed"));
  let deep: MessageInitShape<typeof Fleet.method.pushMessages.input>["messageObjectTrees"] = [];
  for (let level = 0; level < 20; level++) {
    deep = [{ objectId: createHash("sha256").update(`${level}`).digest("hex"), children: deep }];
  }
  await assert.rejects(
    push([wire], [create(ObjectTreeSchema, { objectId: reply.id, children: deep })]),
    refused("request-malformed"),
  );
});

Deno.test("heartbeat intervals must be between 10 and 1800 s", async () => {
  await using stage = await FleetStage.start();
  const { node, call } = await joinedNode(stage);
  for (const heartbeatInterval of [10, 1800]) {
    const { success } = await call(Fleet.method.sendNodeHeartbeat, { node, heartbeatInterval });
    assert.equal(success, true);
  }
  for (const heartbeatInterval of [9.9, 1800.1, NaN, Infinity, -1, 0]) {
    await assert.rejects(
      call(Fleet.method.sendNodeHeartbeat, { node, heartbeatInterval }),
      refused("heartbeat-interval-invalid"),
    );
  }
});

Deno.test("a node's requests for a run that is not running are refused with Flower's numbers", async () => {
  await using stage = await FleetStage.start();
  const { node, reply, runId, call } = await pulledReply(stage);
  const { run } = await call(Fleet.method.getRun, { node, runId });
  assert.equal(run!.status!.status, "running");
  await assert.rejects(call(Fleet.method.getRun, { node, runId: 5n }), refused("run-denied"));
  await assert.rejects(
    call(Fleet.method.getFab, { node, runId, hashStr: ID }),
    refused("fab-denied"),
  );
  await assert.rejects(call(Fleet.method.getFab, { node, runId }), refused("fab-denied"));
  await stage.link.runs.stop(runId);
  const [messagesList, messageObjectTrees] = [[reply.wire], [reply.tree]];
  for (
    const late of [
      () => call(Fleet.method.getRun, { node, runId }),
      () => call(Fleet.method.getFab, { node, runId }),
      () => call(Fleet.method.pullObject, { node, runId, objectId: ID }),
      () => call(Fleet.method.pushObject, { node, runId, objectId: ID }),
      () => call(Fleet.method.confirmMessageReceived, { node, runId, messageObjectId: ID }),
      () => call(Fleet.method.pushMessages, { node, messagesList, messageObjectTrees }),
    ]
  ) await assert.rejects(late, refused("run-not-running"));
});

Deno.test("a run's app bundle is given to its nodes", async () => {
  await using stage = await FleetStage.start();
  const { node, call } = await joinedNode(stage);
  const bytes = new TextEncoder().encode("an app");
  const fabHash = createHash("sha256").update(bytes).digest("hex");
  const fab = { hash: fabHash, content: bytes };
  const { runId } = await stage.link.runs.create({ fabId: "me/app", fabVersion: "1.0.0", fab });
  await assert.rejects(call(Fleet.method.getRun, { node, runId }), refused("run-not-running"));
  const claimed = await stage.link.runs.claim({ runId });
  await stage.link.runs.begin(claimed!.token);
  const { run } = await call(Fleet.method.getRun, { node, runId });
  assert.deepEqual([run!.fabId, run!.fabHash, run!.seriesId !== 0n], ["me/app", fabHash, true]);
  const given = await call(Fleet.method.getFab, { node, runId, hashStr: fabHash });
  assert.deepEqual([...given.fab!.content], [...bytes]);
});
