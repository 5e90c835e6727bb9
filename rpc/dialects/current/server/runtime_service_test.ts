import { MAX_DETAILS_LENGTH } from "./runtime_service.ts";
import assert from "node:assert/strict";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { Message } from "../../../../app/message.ts";
import { MessageErrorCode } from "../../../../entities/metadata.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { settle } from "../../../../base/testing/settle.ts";
import type { LinkRun } from "../../../../entities/run.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { messageObject } from "../../../objects/message.ts";
import { acquireTask } from "../client/acquire_task.ts";
import { type DeflatedMessage, deflateMessages } from "../client/message_objects.ts";
import { RuntimeClient } from "../client/runtime_client.ts";
import { RuntimeConnection } from "../client/runtime_connection.ts";
import { TaskSession } from "../client/task_session.ts";
import { treeFromWire } from "../object_tree.ts";
import { DirectChannel } from "../testing/direct_channel.ts";
import { FakeSuperLink } from "../testing/fake_superlink.ts";

const FAB = new TextEncoder().encode("an app");

/** A SuperLink with a pending run, and two nodes. */
class Running implements AsyncDisposable {
  private constructor(
    readonly superlink: FakeSuperLink,
    readonly run: LinkRun,
    readonly token: string,
    readonly nodes: readonly bigint[],
  ) {}

  static async start(): Promise<Running> {
    const superlink = await FakeSuperLink.start();
    const { link } = superlink;
    const run = await link.runs.create({
      fabId: "me/app",
      fabVersion: "1",
      fab: { hash: "ab", content: FAB },
      overrideConfig: { lr: 0.5 },
    });
    const task = await acquireTask(new DirectChannel(superlink.runtime), ["flwr-serverapp"]);
    assert.equal(task?.runId, run.runId);
    assert.equal(task.taskId, run.taskId);
    const nodes = [];
    for (let place = 0; place < 2; place++) {
      nodes.push((await link.nodes.create({ heartbeatInterval: 30 })).nodeId);
    }
    return new Running(superlink, run, task.token, nodes);
  }

  /** The same after its ServerApp has begun. */
  static async begun(): Promise<Running> {
    const running = await Running.start();
    await running.superlink.link.runs.begin(running.token);
    return running;
  }

  /** The ServerApp's channel. @param headers additional headers of every call */
  channel(headers: Record<string, string> = {}): DirectChannel {
    return new DirectChannel(this.superlink.runtime, {
      headers: { "flwr-task-token": this.token, ...headers },
    });
  }

  connection(): RuntimeConnection {
    const client = new RuntimeClient(new DirectChannel(this.superlink.runtime), this.token);
    return new RuntimeConnection(client, this.run.runId, this.superlink.clock);
  }

  instruct(dstNodeId: bigint): Message {
    return Message.create({
      content: new RecordDict({ config: new ConfigRecord({ "server-round": 1 }) }),
      dstNodeId,
      messageType: "train",
      clock: this.superlink.clock,
    }).withMetadata({ runId: this.run.runId });
  }

  /** Pulls the only node's instruction and answers it, like a SuperNode. */
  async answer(nodeId: bigint, value: number): Promise<void> {
    const { link, clock } = this.superlink;
    const instruction = (await link.messages.pullInstruction(nodeId))!;
    const { pushedAt: _, content: __, ...metadata } = instruction;
    const reply = new Message(metadata, new RecordDict())
      .reply({ metrics: new ConfigRecord({ value }) }, { clock });
    const [deflated] = await deflateMessages([reply]);
    const { id, tree, objects } = deflated!;
    const { sessionId } = await link.messages.openPush({
      nodeId,
      runId: this.run.runId,
      messages: [{ ...reply.metadata, messageId: id, content: contentOf(deflated!) }],
      trees: [treeFromWire(tree)],
    });
    for (const object of objects.values()) {
      await link.messages.putObject({ nodeId, runId: this.run.runId, sessionId }, object);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.superlink[Symbol.asyncDispose]();
  }
}

function contentOf({ tree }: DeflatedMessage): string {
  return tree.children[0]!.objectId;
}

const valueOf = (reply: Message) => reply.content.configRecord("metrics").number("value");

Deno.test("runtime: a run goes from pending to finished, and its token becomes invalid", async () => {
  await using running = await Running.start();
  const { superlink: { link, runtime, clock }, run } = running;
  const stateOf = async () => (await link.runs.get(run.runId))!.state;
  assert.equal(await stateOf(), "starting");
  const task = await link.runs.ofToken(running.token);
  assert.equal(task?.runId, run.runId);

  const { response: input } = await running.channel().call(Runtime.method.pullTaskInput, {});
  assert.equal(await stateOf(), "running");
  assert.equal(input.context?.nodeId, 1n);
  assert.equal(input.context?.seriesId, run.seriesId);
  assert.deepEqual(input.context?.runConfig, {});
  assert.deepEqual(input.context?.state?.items, []);
  assert.equal(input.run?.overrideConfig["lr"]?.scalar.value, 0.5);
  assert.equal(new TextDecoder().decode(input.fab?.content), "an app");
  assert.equal(input.taskId, run.taskId);

  const channel = running.channel();
  await channel.call(Runtime.method.pushLogs, { logs: ["one\n", "two\n"] });
  const { response: heartbeat } = await channel.call(Runtime.method.sendTaskHeartbeat, {});
  assert.equal(heartbeat.success, true);
  await channel.call(Runtime.method.pushTaskOutput, { subStatus: "completed", context: {} });
  assert.equal(await stateOf(), "finished:completed");
  const { text } = await link.runs.readLog(run.runId, 0);
  assert.equal(text.replaceAll(/^\d{4}-\S+Z /gm, ""), "one\ntwo\n");
  await assert.rejects(channel.call(Runtime.method.getNodes, {}), { number: 1008 });

  const next = await acquireTask(new DirectChannel(runtime), ["flwr-clientapp"]);
  assert.equal(next, undefined, "a program that cannot run ServerApps gets none");
  assert.ok(clock.now() > 0);
});

Deno.test("runtime: a task begins once", async () => {
  await using running = await Running.start();
  const begin = () => running.channel().call(Runtime.method.pullTaskInput, {});
  await begin();
  await assert.rejects(begin(), { number: 3002, httpStatus: 412 });
});

Deno.test("runtime: acquire-task waits until there is a task", async () => {
  await using superlink = await FakeSuperLink.start();
  const { link, clock, runtime } = superlink;
  const asked = acquireTask(new DirectChannel(runtime), ["flwr-agentapp", "flwr-serverapp"]);
  await settle();
  const fab = { hash: "ab", content: FAB };
  const { runId } = await link.runs.create({ fabId: "me/app", fabVersion: "1", fab });
  assert.equal((await asked)?.runId, runId);
  const vain = acquireTask(new DirectChannel(runtime), ["flwr-serverapp"]);
  await settle();
  await clock.advance(5);
  assert.equal(await vain, undefined);
});

Deno.test("runtime: a failed task's details are stored, truncated", async () => {
  await using running = await Running.begun();
  const details = "x".repeat(MAX_DETAILS_LENGTH + 1);
  await running.channel().call(Runtime.method.pushTaskOutput, { subStatus: "failed", details });
  const run = await running.superlink.link.runs.get(running.run.runId);
  assert.equal(run?.state, "finished:failed");
  assert.equal(run?.details.length, MAX_DETAILS_LENGTH);
});

Deno.test("runtime: a ServerApp sees online nodes", async () => {
  await using running = await Running.begun();
  const { link } = running.superlink;
  await link.nodes.deactivate(running.nodes[0]!);
  assert.deepEqual(await running.connection().nodes(running.run.runId), [{
    nodeId: running.nodes[1],
  }]);
});

Deno.test("runtime: instructions go out and replies come back", async () => {
  await using running = await Running.begun();
  const [a, b] = running.nodes as [bigint, bigint];
  const connection = running.connection();
  const ids = await connection.push(running.run.runId, [running.instruct(a), running.instruct(b)]);
  await running.answer(a, 10);
  await running.answer(b, 20);
  const replies = await connection.pull(running.run.runId, ids as string[]);
  const values = new Map(replies.map((reply) => [reply.metadata.srcNodeId, valueOf(reply)]));
  assert.deepEqual(values, new Map([[a, 10], [b, 20]]));
});

Deno.test("runtime: an instruction to an unknown node is refused, the others are accepted", async () => {
  await using running = await Running.begun();
  const [a] = running.nodes as [bigint];
  const messages = [running.instruct(99n), running.instruct(a)];
  const [nobody, taken] = await running.connection().push(running.run.runId, messages);
  assert.equal(nobody, undefined);
  assert.equal(taken?.length, 64);
});

Deno.test("runtime: the first reply is sent at once to a caller that pulls again at once", async () => {
  await using running = await Running.begun();
  const [a, b] = running.nodes as [bigint, bigint];
  const connection = running.connection();
  const ids = await connection.push(running.run.runId, [running.instruct(a), running.instruct(b)]);
  const pulled = connection.pull(running.run.runId, ids as string[]);
  await running.answer(b, 20);
  assert.deepEqual((await pulled).map(valueOf), [20]);
});

Deno.test("runtime: replies wait for each other if the caller sleeps between pulls", async () => {
  await using running = await Running.begun();
  const { clock } = running.superlink;
  const [a, b] = running.nodes as [bigint, bigint];
  const push = () =>
    running.connection().push(running.run.runId, [running.instruct(a), running.instruct(b)]);
  const python = running.channel({ "flwr-package-name": "flwr" });
  const pull = async (messageIds: unknown[]) => {
    const { response } = await python.call(Runtime.method.pullMessages, {
      messageIds: messageIds as string[],
    });
    return response.messagesList.map(({ metadata }) => metadata!.srcNodeId);
  };
  const both = pull(await push());
  await running.answer(a, 1);
  await settle();
  await clock.advance(2.5);
  await running.answer(b, 2);
  assert.deepEqual(await both, [a, b]);

  const one = pull(await push());
  await running.answer(b, 3);
  await settle();
  await clock.advance(3);
  assert.deepEqual(await one, [b]);
});

Deno.test("runtime: an instruction that can no longer be answered gets an error reply, which is an object too", async () => {
  await using running = await Running.begun();
  const { link } = running.superlink;
  const { runId } = running.run;
  const channel = running.channel();
  const [messageId] = await running.connection().push(runId, [running.instruct(running.nodes[0]!)]);
  await link.nodes.deactivate(running.nodes[0]!);
  const { response } = await channel.call(Runtime.method.pullMessages, {
    messageIds: [messageId!],
  });
  const [message] = response.messagesList;
  assert.equal(message!.error?.code, BigInt(MessageErrorCode.NodeUnavailable));
  assert.equal(message!.metadata?.replyToMessageId, messageId);
  assert.equal(message!.content, undefined);
  const { objectId, children } = response.messageObjectTrees[0]!;
  assert.equal(objectId, message!.metadata?.messageId);
  assert.deepEqual(children, []);
  const speaker = { node: { nodeId: 1n }, runId };
  const { response: object } = await channel.call(Runtime.method.pullObject, {
    ...speaker,
    objectId,
  });
  assert.equal(object.objectAvailable, true);
  await channel.call(Runtime.method.confirmMessageReceived, {
    ...speaker,
    messageObjectId: objectId,
  });
});

Deno.test("runtime: an unknown instruction gets an error reply", async () => {
  await using running = await Running.begun();
  const unknown = "0".repeat(64);
  const [reply] = await running.connection().pull(running.run.runId, [unknown]);
  assert.equal(reply!.error?.code, MessageErrorCode.MessageUnavailable);
  assert.equal(reply!.metadata.replyToMessageId, unknown);
});

Deno.test("runtime: a request acts only for the token's own node and run", async () => {
  await using running = await Running.begun();
  const { run, nodes } = running;
  const channel = running.channel();
  const [deflated] = await deflateMessages([running.instruct(nodes[0]!)]);
  const { wire, tree } = deflated!;
  const push = (metadata: Record<string, unknown>, trees = [tree]) =>
    channel.call(Runtime.method.pushMessages, {
      messagesList: [{ ...wire, metadata: { ...wire.metadata, ...metadata } as never }],
      messageObjectTrees: trees,
    });
  await assert.rejects(push({ srcNodeId: nodes[1] }), { number: 3004, httpStatus: 412 });
  await assert.rejects(push({ runId: 9n }), { number: 3014, httpStatus: 403 });
  await assert.rejects(push({}, []), { number: 3013, httpStatus: 400 });
  await assert.rejects(push({}, [tree, tree]), { number: 3013 });
  await assert.rejects(push({ messageId: "0".repeat(64) }), { code: "invalid-argument" });
  await assert.rejects(channel.call(Runtime.method.pushMessages, {}), { number: 3013 });

  const { pushObject, pullObject, confirmMessageReceived } = Runtime.method;
  for (const method of [pushObject, pullObject, confirmMessageReceived]) {
    const call = (nodeId: bigint, runId: bigint) =>
      channel.call(method, { node: { nodeId }, runId } as never);
    await assert.rejects(call(nodes[0]!, run.runId), { number: 3004 }, method.name);
    await assert.rejects(call(1n, run.runId + 1n), { number: 3014 }, method.name);
    await assert.rejects(channel.call(method, { runId: run.runId } as never), { number: 3004 });
  }
});

Deno.test("runtime: stores only objects that match their id, and messages that name the ServerApp as sender", async () => {
  await using running = await Running.begun();
  const { run, nodes } = running;
  const channel = running.channel();
  const instruction = running.instruct(nodes[0]!);
  const [deflated] = await deflateMessages([instruction]);
  const { wire, tree, objects, id } = deflated!;
  const forged = messageObject({
    ...instruction.metadata,
    srcNodeId: nodes[1]!,
    content: contentOf(deflated!),
  });
  const { response: { sessionId, objectsToPush } } = await channel.call(
    Runtime.method.pushMessages,
    { messagesList: [wire], messageObjectTrees: [tree] },
  );
  assert.deepEqual(new Set(objectsToPush), new Set(objects.keys()));
  const push = async (objectId: string, objectContent: Uint8Array, session = sessionId) => {
    const { response } = await channel.call(Runtime.method.pushObject, {
      node: { nodeId: 1n },
      runId: run.runId,
      objectId,
      objectContent,
      sessionId: session,
    });
    return response.stored;
  };
  const bytes = objects.get(id)!.bytes;
  assert.equal(await push(id, bytes.subarray(1)), false);
  assert.equal(await push(id, new Uint8Array()), false);
  assert.equal(await push(id, forged.bytes), false);
  assert.equal(await push(forged.id, forged.bytes), false);
  assert.equal(await push(id, bytes, "another session"), false);
  assert.equal(await push(id, bytes), true);
});

Deno.test("runtime: a stopped run's ServerApp learns it at its next call", async () => {
  await using running = await Running.start();
  const { superlink: { runtime, link, clock }, run, token } = running;
  await link.runs.getFab("ab");
  const client = new RuntimeClient(new DirectChannel(runtime), token);
  const session = await TaskSession.begin(client, { clock }).catch((error) => error);
  assert.equal(session.code, "data-loss", "its app is not what its hash says");
  const [id] = await running.connection().push(run.runId, [running.instruct(running.nodes[0]!)]);
  const waiting = assert.rejects(client.pullMessages([id!]), { code: "cancelled" });
  await settle();
  await link.runs.stop(run.runId);
  await assert.rejects(client.heartbeat(), { code: "cancelled" });
  await waiting;
});
