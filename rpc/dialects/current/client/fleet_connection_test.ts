import { CHUNK_BYTES } from "../../../objects/array.ts";
import assert from "node:assert/strict";
import { ArrayRecord } from "../../../../app/array_record.ts";
import { ConfigRecord } from "../../../../app/config_record.ts";
import type { Message } from "../../../../app/message.ts";
import { MetricRecord } from "../../../../app/metric_record.ts";
import { NdArray } from "../../../../app/nd_array.ts";
import { PrivateKey } from "../../../../auth/private_key.ts";
import { FlwrError } from "../../../../base/error.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { seededRandom } from "../../../../base/random.ts";
import { settle } from "../../../../base/testing/settle.ts";
import type { Channel } from "../../../channel.ts";
import type { DirectChannel } from "../testing/direct_channel.ts";
import { FleetStage } from "../testing/fleet_stage.ts";
import { CurrentFleetConnection } from "./fleet_connection.ts";

/** Creates an array of this size without two equal chunks. */
function array(length: number, seed = 1): NdArray {
  const data = new Uint8Array(length);
  for (let at = 0; at < length; at += 1000) data[at] = (seed + at / 1000) % 251;
  return new NdArray({ dtype: "uint8", shape: [length], stype: "numpy.ndarray", data });
}

/** Number of a channel's calls of a method. */
function count({ calls }: DirectChannel, method: string): number {
  return calls.filter((path) => path.endsWith(`/${method}`)).length;
}

Deno.test("a node without a key generates one, registers it, and unregisters it when it leaves", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  assert.deepEqual(await stage.link.nodes.online(), [nodeId]);
  assert.equal(await node.heartbeat(30), true);
  await node.leave();
  const [left] = await stage.link.nodes.list();
  assert.equal(left!.state, "unregistered");
  assert.equal(left!.publicKey!.length, 120, "P-384, as Flower's nodes make them");
  assert.notEqual(await node.join(30), nodeId, "the next key is another one");
});

Deno.test("a node with a key is the same node at every join, and stays registered", async () => {
  await using stage = await FleetStage.start();
  const key = await PrivateKey.generate("P-256");
  const channel = stage.channel();
  const node = stage.node(key, channel);
  const nodeId = await node.join(30);
  assert.equal(await node.join(30), nodeId);
  await node.leave();
  assert.equal((await stage.link.nodes.list())[0]!.state, "offline");
  assert.equal(await stage.node(key).join(30), nodeId);
  assert.equal(count(channel, "RegisterNode") + count(channel, "UnregisterNode"), 0);
});

Deno.test("a model is sent to a node and back in chunks, several at a time", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel({ along: false });
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  const { runId } = await stage.run();
  const arrays = new ArrayRecord({ big: array(3 * CHUNK_BYTES + 7), small: array(10) });
  const id = await stage.instruct(runId, nodeId, { arrays });
  const instruction = await node.pull();
  assert.equal(instruction!.metadata.messageId, id);
  assert.deepEqual(
    instruction!.content.arrayRecord("arrays").get("big")!.data,
    arrays.get("big")!.data,
  );
  // 5 chunks, 2 arrays, the record of arrays, the dict, the message.
  assert.equal(count(channel, "PullObject"), 10);
  assert.equal(count(channel, "ConfirmMessageReceived"), 1);
  const trained = new ArrayRecord({ big: array(2 * CHUNK_BYTES, 7), small: array(10) });
  await node.push(reply(stage, instruction!, { arrays: trained }), 2.5);
  // The SuperLink has the small array and its chunk, because they were in the instruction.
  assert.equal(count(channel, "PushObject"), 6);
  const answer = await stage.reply(id);
  assert.deepEqual(
    answer!.content.arrayRecord("arrays").get("big")!.data,
    trained.get("big")!.data,
  );
});

Deno.test("objects that another node pushed are not pushed again", async () => {
  await using stage = await FleetStage.start();
  const { runId } = await stage.run();
  const arrays = new ArrayRecord({ w: array(2 * CHUNK_BYTES) });
  const pushed = [];
  for (let turn = 0; turn < 2; turn++) {
    const channel = stage.channel({ along: false });
    const node = stage.node(undefined, channel);
    const nodeId = await node.join(30);
    await stage.instruct(runId, nodeId, { question: new ConfigRecord() }, "query");
    const instruction = await node.pull();
    await node.push(reply(stage, instruction!, { arrays }));
    pushed.push(count(channel, "PushObject"));
  }
  assert.deepEqual(pushed, [6, 1], "only the second message's own object");
});

Deno.test("an error reply is pushed", async () => {
  await using stage = await FleetStage.start();
  const node = stage.node();
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, await node.join(30), { c: new ConfigRecord() }, "query");
  const instruction = await node.pull();
  await node.push(instruction!.replyError(2, "boom", stage));
  assert.deepEqual((await stage.reply(id))!.error, { code: 2, reason: "boom" });
});

Deno.test("records with Flower's older names are not changed in either direction", async () => {
  await using stage = await FleetStage.start();
  const node = stage.node();
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, await node.join(30), {
    "fitins.parameters": new ArrayRecord({ "0": array(10) }),
    "fitins.config": new ConfigRecord({ lr: 0.5 }),
  });
  const instruction = await node.pull();
  assert.deepEqual([...instruction!.content.keys()], ["fitins.parameters", "fitins.config"]);
  const numExamples = new MetricRecord({ num_examples: 3 });
  await node.push(reply(stage, instruction!, { "fitres.num_examples": numExamples }));
  const answer = await stage.reply(id);
  assert.equal(answer!.content.metricRecord("fitres.num_examples").get("num_examples"), 3);
});

Deno.test("an instruction with damaged objects gets an error reply", async () => {
  await using stage = await FleetStage.start();
  const node = stage.node(undefined, damaging(stage.channel({ along: false })));
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, await node.join(30), { c: new ConfigRecord() }, "query");
  const stop = new AbortController();
  const pulling = node.pull(stop.signal);
  const answer = await until(() => stage.reply(id));
  assert.match(
    answer.error!.reason,
    /could not read the instruction: (The bytes of object|Malformed object)/,
  );
  stop.abort();
  await pulling.catch(() => {});
});

Deno.test("a SuperLink that does not hold pulls is polled, first often and then once a second", async () => {
  const clock = new FakeClock();
  const asked: number[] = [];
  const channel = answering({
    ActivateNode: () => ({ nodeId: 5n }),
    RegisterNode: () => ({}),
    PullMessages: () => {
      asked.push(clock.now());
      return { messagesList: [], messageObjectTrees: [] };
    },
  });
  const node = new CurrentFleetConnection({ channel, clock, random: seededRandom(1) });
  await node.join(30);
  const start = clock.now();
  let over = false;
  const pulling = node.pull().then((message) => {
    over = true;
    return message;
  });
  while (!over) {
    await settle();
    await clock.advance(0.05);
  }
  assert.equal(await pulling, undefined);
  assert.ok(clock.now() - start >= 20 && clock.now() - start < 22, "as long as ours holds it");
  const waits = asked.slice(1).map((time, place) => time - asked[place]!);
  assert.ok(waits[0]! <= 0.3, String(waits[0]));
  assert.ok(waits.every((wait) => wait <= 1.3));
  assert.ok(waits.slice(10).every((wait) => wait >= 0.75));
  assert.ok(new Set(waits.slice(10).map((wait) => wait.toFixed(2))).size > 1, "with jitter");
});

Deno.test("a held pull with an empty response is not repeated", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const node = stage.node(undefined, channel);
  await node.join(30);
  const pulling = node.pull();
  await stage.pulling;
  while (count(channel, "PullMessages") > 0 && !await settled(pulling)) {
    await stage.clock.advance(5);
  }
  assert.equal(await pulling, undefined);
  assert.equal(count(channel, "PullMessages"), 1);
});

Deno.test("heartbeats have their own connection", async () => {
  await using stage = await FleetStage.start();
  const [channel, heartbeats] = [stage.channel(), stage.channel()];
  const node = new CurrentFleetConnection({
    channel,
    heartbeats,
    clock: stage.clock,
    random: seededRandom(1),
  });
  await node.join(30);
  await node.heartbeat(30);
  assert.deepEqual([count(channel, "SendNodeHeartbeat"), heartbeats.calls.length], [0, 1]);
});

Deno.test("an app bundle other than the run's is refused, and an unknown run is reported", async () => {
  const channel = answering({
    RegisterNode: () => ({}),
    ActivateNode: () => ({ nodeId: 5n }),
    GetFab: () => ({ fab: { content: new Uint8Array(3), hashStr: "", verifications: {} } }),
    GetRun: () => ({}),
  });
  const node = new CurrentFleetConnection({
    channel,
    clock: new FakeClock(),
    random: seededRandom(1),
  });
  await node.join(30);
  const run = { runId: 1n, fabHash: "a".repeat(64), fabId: "", fabVersion: "", seriesId: 1n };
  await assert.rejects(
    node.fab({ ...run, overrideConfig: new ConfigRecord() }),
    (error) => error instanceof FlwrError && error.code === "data-loss",
  );
  assert.equal(await node.run(1n), undefined);
});

Deno.test("a node that the SuperLink does not admit gets hints", async () => {
  await using stage = await FleetStage.start({ knownKeysOnly: true });
  const hints = async (key?: PrivateKey) => {
    try {
      await stage.node(key).join(30);
      return [];
    } catch (error) {
      return FlwrError.from(error).hints;
    }
  };
  assert.match((await hints()).join(), /--auth-supernode-private-key/);
  assert.match((await hints(await PrivateKey.generate("P-256"))).join(), /flwr supernode register/);
});

function reply(
  { clock }: FleetStage,
  instruction: Message,
  content: Parameters<Message["reply"]>[0],
): Message {
  return instruction.reply(content, { clock });
}

/** A channel that changes one byte of each object. */
function damaging(channel: DirectChannel): DirectChannel {
  const call = channel.call.bind(channel);
  channel.call = async (method, request, options) => {
    const answer = await call(method, request, options);
    if (method.name === "PullObject") {
      const { objectContent } = answer.response as unknown as { objectContent: Uint8Array };
      objectContent[objectContent.length - 1]! ^= 1;
    }
    return answer;
  };
  return channel;
}

/** A SuperLink given only by its responses, by method name. */
function answering(answers: Record<string, () => unknown>): Channel {
  return {
    address: "superlink",
    call: (method) =>
      Promise.resolve({ response: answers[method.name]!() as never, header: () => undefined }),
    stream: () => {
      throw new Error("not used");
    },
    close: () => {},
  };
}

/** Returns the first value, asking repeatedly. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    await settle();
  }
}

async function settled(promise: Promise<unknown>): Promise<boolean> {
  const tick = settle().then(() => false);
  return await Promise.race([promise.then(() => true), tick]);
}

Deno.test("a node's name reaches the SuperLink, which refuses an unprintable one", async () => {
  await using stage = await FleetStage.start();
  const key = await PrivateKey.generate("P-256");
  const connect = (name?: string) =>
    new CurrentFleetConnection({
      channel: stage.channel(),
      key,
      clock: stage.clock,
      random: seededRandom(3),
      ...(name !== undefined && { name }),
    });
  await connect("Klinik Süd").join(30);
  assert.equal((await stage.link.nodes.onlineNames())[0]!.name, "Klinik Süd");
  await assert.rejects(connect("a\nb").join(30), { code: "invalid-argument" });
  assert.equal((await stage.link.nodes.onlineNames())[0]!.name, "Klinik Süd");
  await connect().join(30);
  assert.equal((await stage.link.nodes.onlineNames())[0]!.name, undefined);
});
