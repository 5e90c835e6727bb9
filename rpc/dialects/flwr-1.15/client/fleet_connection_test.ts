import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { ArrayRecord } from "../../../../app/array_record.ts";
import { ConfigRecord } from "../../../../app/config_record.ts";
import type { Message } from "../../../../app/message.ts";
import { MessageErrorCode } from "../../../../entities/metadata.ts";
import { NdArray } from "../../../../app/nd_array.ts";
import { PrivateKey } from "../../../../auth/private_key.ts";
import { FlwrError } from "../../../../base/error.ts";
import { ObjectTreeSchema } from "../../../../proto/gen/current/message_pb.ts";
import { seededRandom } from "../../../../base/random.ts";
import { FleetStage } from "../../current/testing/fleet_stage.ts";
import { OlderFleetConnection } from "./fleet_connection.ts";

const array = new NdArray({
  dtype: "float32",
  shape: [1],
  stype: "numpy.ndarray",
  data: Uint8Array.of(7),
});
const content = {
  arrays: new ArrayRecord([["weights", array]]),
  config: new ConfigRecord({ text: "why?" }),
};

/** Error of SuperLinks of 1.15 to 1.18 for the later heartbeat. */
type Unknown = "unimplemented" | "internal";

/** Connects a node to a SuperLink that sends messages as objects, or whole. */
function connect(stage: FleetStage, { key, whole }: { key?: PrivateKey; whole?: Unknown } = {}) {
  const channel = stage.channel();
  channel.failing = (method) => {
    if (whole === undefined || !method.endsWith("/SendNodeHeartbeat")) return;
    throw new FlwrError(whole, "Error in service handler!");
  };
  const random = seededRandom(2);
  const connection = new OlderFleetConnection({
    channel,
    clock: stage.clock,
    random,
    ...(key && { key }),
  });
  return { connection, channel };
}

const named = (calls: readonly string[]) => calls.map((path) => path.split("/").at(-1));

for (const whole of [undefined, "unimplemented", "internal"] as const) {
  const how = whole === undefined ? "as objects" : `whole (heartbeats: ${whole})`;
  Deno.test(`an instruction comes ${how}, and its reply goes the same way`, async () => {
    await using stage = await FleetStage.start();
    const { connection, channel } = connect(stage, whole && { whole });
    const nodeId = await connection.join(30);
    assert.ok(await connection.heartbeat(30));
    const { runId } = await stage.run();
    const id = await stage.instruct(runId, nodeId, content);
    const instruction: Message = (await connection.pull())!;
    assert.equal(instruction.metadata.messageId, id);
    assert.equal(instruction.content.arrayRecord("arrays").get("weights")!.data.toHex(), "07");
    await connection.push(instruction.reply(content, { clock: stage.clock }), 1.5);
    const reply = (await stage.reply(id))!;
    assert.equal(reply.content.configRecord("config").string("text"), "why?");
    assert.equal(reply.metadata.srcNodeId, nodeId);
    assert.equal((await connection.run(runId))?.runId, runId);
    await connection.leave();
    const calls = named(channel.calls);
    assert.deepEqual([calls[0], calls.at(-1)], ["CreateNode", "DeleteNode"]);
    // The objects are sent inline, because this SuperLink is ours.
    assert.ok(!calls.includes("PushObject"));
    assert.equal(calls.includes("Ping"), whole !== undefined);
  });
}

Deno.test("an error reply is sent whole too", async () => {
  await using stage = await FleetStage.start();
  const { connection } = connect(stage, { whole: "unimplemented" });
  const nodeId = await connection.join(30);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, content);
  const instruction = (await connection.pull())!;
  const { ClientAppRaised } = MessageErrorCode;
  await connection.push(instruction.replyError(ClientAppRaised, "no data", { clock: stage.clock }));
  assert.equal((await stage.reply(id))!.error?.reason, "no data");
});

Deno.test("a node that joins again leaves first, because the SuperLink accepts no key twice", async () => {
  await using stage = await FleetStage.start();
  const key = await PrivateKey.generate("P-256");
  const { connection, channel } = connect(stage, { key });
  const nodeId = await connection.join(30);
  channel.calls.length = 0;
  assert.equal(await connection.join(30), nodeId);
  assert.deepEqual(named(channel.calls), ["DeleteNode", "CreateNode", "SendNodeHeartbeat"]);
  // A restarted SuperLink does not know the session.
  channel.failing = (method) => {
    if (method.endsWith("/DeleteNode")) throw new FlwrError("unauthenticated", "Invalid node ID");
  };
  assert.equal(await connection.join(30), nodeId);
});

Deno.test("a node without a key generates another for each session", async () => {
  await using stage = await FleetStage.start();
  const { connection } = connect(stage);
  const first = await connection.join(30);
  assert.notEqual(await connection.join(30), first);
  await assert.rejects(connect(stage).connection.heartbeat(30), { code: "failed-precondition" });
});

Deno.test("a key that is not admitted gets hints", async () => {
  await using stage = await FleetStage.start({ knownKeysOnly: true });
  await assert.rejects(connect(stage).connection.join(30), (error) => {
    assert.ok(error instanceof FlwrError);
    assert.equal(error.code, "unauthenticated");
    assert.match(error.hints[0]!, /--auth-list-public-keys/);
    return true;
  });
});

Deno.test("a SuperLink of 1.19 is recognised", async () => {
  await using stage = await FleetStage.start();
  const { connection, channel } = connect(stage);
  const nodeId = await connection.join(30);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, content);
  // An entry of a map from the message's id to the ids of its objects, of which its own is the last.
  const tree = create(ObjectTreeSchema, { objectId: id, children: [{ objectId: id }] });
  const call = channel.call.bind(channel);
  channel.call = async (method, request, options) => {
    const answer = await call(method, request, options);
    if (method.name === "PullMessages") {
      Object.assign(answer.response, { messageObjectTrees: [tree] });
    }
    return answer;
  };
  await assert.rejects(connection.pull(), { code: "invalid-argument", message: /Flower 1\.19/ });
});
