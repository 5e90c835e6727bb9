import assert from "node:assert/strict";
import { ConfigRecord } from "../../../app/config_record.ts";
import type { RunInfo } from "../../../app/connection.ts";
import type { Context } from "../../../app/context.ts";
import { Message } from "../../../app/message.ts";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { MetricRecord } from "../../../app/metric_record.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import { FakeClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { seededRandom } from "../../../base/random.ts";
import { settle } from "../../../base/testing/settle.ts";
import {
  deflateMessages,
  inflateMessage,
} from "../../../rpc/dialects/current/client/message_objects.ts";
import type { RuntimeTask } from "../../../rpc/dialects/current/server/runtime_backend.ts";
import { recordDictToWire } from "../../../rpc/dialects/record_dict.ts";
import { AppCrashed } from "../../../hosting/app/app_host.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";
import { CLIENTAPP_SILENCE_SECONDS, type Execute, PythonApp } from "./python_app.ts";
import { TaskBackend } from "./task_backend.ts";

const RUN: RunInfo = {
  runId: 7n,
  fabId: "agenta/mini",
  fabVersion: "1.0.0",
  fabHash: "3ffe",
  overrideConfig: new ConfigRecord({ lr: 0.25 }),
  seriesId: 3n,
};
const BUNDLE = { hash: "3ffe", content: new Uint8Array([1]), verifications: {} };
const INSTRUCTION = Message.create({
  content: { config: new ConfigRecord({ x: 20 }) },
  dstNodeId: 5n,
  messageType: "train",
}).withMetadata({ messageId: "as the SuperLink names it", runId: 7n });

const context = (nodeConfig = new ConfigRecord({ "partition-id": 1 })): Context => ({
  runId: 7n,
  nodeId: 5n,
  nodeConfig,
  state: new RecordDict({ kept: new MetricRecord({ count: 1 }) }),
  runConfig: new ConfigRecord({ lr: 0.25, rounds: 3 }),
});

/** The parts of a Python app, with the test in the role of the process. */
function scene(play: (process: FakeProcess, signal: AbortSignal) => Promise<string>) {
  const clock = new FakeClock();
  const backend = new TaskBackend(clock, () => {});
  const execute: Execute = (task, _fabHash, signal) => {
    task.recordSign();
    return play(new FakeProcess(backend, task.task, clock), signal);
  };
  const app = new PythonApp(BUNDLE, { backend, execute, clock, random: seededRandom(1) });
  const handle = (signal = new AbortController().signal, given = context()) =>
    app.forRun(RUN).handle(INSTRUCTION, given, signal);
  return { app, backend, clock, handle };
}

/** Makes the calls of Flower's own process, step by step. */
class FakeProcess {
  instruction: Message | undefined;

  constructor(
    readonly backend: TaskBackend,
    readonly task: RuntimeTask,
    readonly clock: FakeClock,
  ) {}

  async pull(): Promise<Message> {
    const [{ message, tree }] = await this.backend.pullMessages(this.task) as [
      Awaited<ReturnType<TaskBackend["pullMessages"]>>[number],
    ];
    const objects = new Map(
      await Promise.all([...tree].map(async ([id, children]) => {
        const { bytes } = await this.backend.pullObject(this.task, id);
        return [id, { id, children, bytes: bytes! }] as const;
      })),
    );
    const pulled = inflateMessage(objects.get(message.messageId)!, (id) => objects.get(id));
    return this.instruction = pulled.withMetadata({ messageId: message.messageId });
  }

  /** Announces and sends a reply. @param leaveOut number of objects not to send */
  async push(reply: Message, leaveOut = 0): Promise<readonly (string | undefined)[]> {
    const [deflated] = await deflateMessages([reply]);
    const { id, objects } = deflated!;
    const tree = new Map(Array.from(objects.values(), ({ id, children }) => [id, children]));
    const message = {
      ...reply.metadata,
      messageId: id,
      ...(reply.error === undefined ? { content: tree.get(id)![0] } : { error: reply.error }),
    };
    const { refusals, missing, sessionId } = await this.backend.openPush(
      this.task,
      [message],
      [tree],
    );
    for (const wanted of missing.slice(leaveOut)) {
      assert.equal(await this.backend.putObject(this.task, sessionId, objects.get(wanted)!), true);
    }
    return refusals.map((refusal) => refusal?.reason);
  }

  async finish(outcome: "completed" | "failed", kept?: number): Promise<string> {
    const state = kept === undefined
      ? undefined
      : recordDictToWire(new RecordDict({ kept: new MetricRecord({ count: kept }) }));
    await this.backend.finishTask(this.task, { outcome, details: "", state });
    return "it has ended";
  }
}

Deno.test("a process gets the instruction with its context, and its reply answers it", async () => {
  const { handle, backend } = scene(async (process) => {
    const input = await backend.beginTask(process.task);
    assert.deepEqual(input.nodeConfig, { "partition-id": 1n });
    assert.deepEqual(input.runConfig, { lr: 0.25, rounds: 3n });
    assert.deepEqual(input.run.overrideConfig, { lr: 0.25 });
    assert.deepEqual(input.state, recordDictToWire(context().state));
    assert.equal(input.fab.content, BUNDLE.content);
    const pulled = await process.pull();
    await process.clock.advance(2);
    const x = pulled.content.configRecord("config").number("x");
    await process.push(pulled.reply({ metrics: new MetricRecord({ y: x + 1 }) }));
    await process.clock.advance(1);
    return await process.finish("completed", 2);
  });
  const { reply, state, seconds } = await handle();
  assert.equal(reply.metadata.replyToMessageId, INSTRUCTION.metadata.messageId);
  assert.equal(reply.content.metricRecord("metrics").number("y"), 21);
  assert.equal(state.metricRecord("kept").number("count"), 2);
  assert.equal(seconds, 2);
});

Deno.test("an app's own error is the reply, and the state is kept if the process sends none", async () => {
  const { handle } = scene(async (process) => {
    const pulled = await process.pull();
    await process.push(pulled.replyError(MessageErrorCode.ClientAppRaised, "<class 'X'>:<'no'>"));
    return await process.finish("failed");
  });
  const { reply, state } = await handle();
  assert.deepEqual(reply.error, {
    code: MessageErrorCode.ClientAppRaised,
    reason: "<class 'X'>:<'no'>",
  });
  assert.equal(state.metricRecord("kept").number("count"), 1);
});

Deno.test("a process that ends without a complete reply counts as crashed, whatever it reports", async () => {
  const plays: ((process: FakeProcess) => Promise<string>)[] = [
    () => Promise.resolve("it was killed"),
    (process) => process.finish("completed"),
    async (process) => {
      const pulled = await process.pull();
      await process.push(pulled.reply({}), 1);
      return await process.finish("completed");
    },
    async (process) => {
      const pulled = await process.pull();
      const other = pulled.withMetadata({ messageId: "another" }).reply({});
      assert.notEqual(await process.push(other), undefined, "the reply is refused");
      return await process.finish("completed");
    },
  ];
  for (const play of plays) await assert.rejects(scene(play).handle(), AppCrashed);
});

Deno.test("a complete reply counts even if its process crashed after it", async () => {
  const { handle } = scene(async (process) => {
    const pulled = await process.pull();
    await process.push(pulled.reply({ metrics: new MetricRecord({ y: 1 }) }));
    return "it was killed";
  });
  assert.equal((await handle()).reply.content.metricRecord("metrics").number("y"), 1);
});

Deno.test("a process without signs of life for too long is ended, and counts as crashed", async () => {
  let ended: AbortSignal | undefined;
  const { clock, handle } = scene((_process, signal) => {
    ended = signal;
    return new Promise(() => {});
  });
  const handled = assert.rejects(handle(), AppCrashed);
  for (let waited = 0; waited <= CLIENTAPP_SILENCE_SECONDS && !ended?.aborted; waited += 5) {
    await settle();
    await clock.advance(5);
  }
  await handled;
  assert.ok(ended!.aborted);
});

Deno.test("a process' heartbeats keep it alive, and its token ends with its task", async () => {
  const { backend, clock, handle } = scene(async (process) => {
    for (let beat = 0; beat < 4; beat += 1) {
      await clock.advance(CLIENTAPP_SILENCE_SECONDS - 1);
      assert.equal(await backend.heartbeat(process.task), true);
      await settle();
    }
    const pulled = await process.pull();
    await process.push(pulled.reply({}));
    await process.finish("completed");
    assert.equal(await backend.taskOfToken(process.task.token), undefined);
    assert.equal(await backend.heartbeat(process.task), false);
    await assert.rejects(backend.beginTask(process.task), { code: "unauthenticated" });
    return "";
  });
  assert.ok((await handle()).reply.hasContent);
});

Deno.test("an app that cannot be started is refused with the reason; a stopped node does not wait", async () => {
  const unable = scene(() => Promise.reject(new FlwrError("failed-precondition", "No Python")));
  await assert.rejects(unable.handle(), (error) => {
    assert.ok(error instanceof RunRefused);
    assert.equal(error.code, MessageErrorCode.LoadClientApp);
    return error.message === "No Python";
  });
  const listed = scene((process) =>
    process.backend.beginTask(process.task).then(() => "", (error) => error.message)
  );
  await assert.rejects(
    listed.handle(undefined, context(new ConfigRecord({ sizes: [1, 2] }))),
    /"sizes" is a list/,
  );
  const stopping = new AbortController();
  const hanging = scene(() => new Promise(() => {}));
  const handled = hanging.handle(stopping.signal);
  stopping.abort();
  await assert.rejects(handled, { name: "AbortError" });
});

Deno.test("an offered task goes to one program that requests its type", async () => {
  const clock = new FakeClock();
  const backend = new TaskBackend(clock, () => {});
  const offered = Promise.withResolvers<void>();
  const execute: Execute = (task, fabHash) => {
    backend.offer(task, fabHash);
    offered.resolve();
    return new Promise(() => {});
  };
  using app = new PythonApp(BUNDLE, { backend, execute, clock, random: seededRandom(1) });
  const hold = { holdSeconds: 20, signal: new AbortController().signal };
  const early = backend.acquireTask(["flwr-clientapp"], hold);
  const handled = app.forRun(RUN).handle(INSTRUCTION, context(), new AbortController().signal);
  await offered.promise;
  const task = await early;
  assert.equal(task?.fabHash, "3ffe");
  assert.equal(await backend.acquireTask(["flwr-serverapp"], hold), undefined);
  const nothing = backend.acquireTask(["flwr-clientapp"], hold);
  await clock.advance(20);
  assert.equal(await nothing, undefined);
  const process = new FakeProcess(backend, task!, clock);
  await process.push((await process.pull()).reply({}));
  await process.finish("completed");
  assert.ok((await handled).reply.hasContent);
});
