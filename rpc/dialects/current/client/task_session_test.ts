import assert from "node:assert/strict";
import { FakeClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { seededRandom } from "../../../../base/random.ts";
import { settle } from "../../../../base/testing/settle.ts";
import { FakeBackend } from "../testing/fake_backend.ts";
import { RuntimeClient } from "./runtime_client.ts";
import { MAX_BUFFERED_LOG_CHARACTERS, TaskSession } from "./task_session.ts";

/** A task that has begun, at an in-memory server. */
async function begin(server = new FakeBackend()) {
  const clock = new FakeClock();
  const channel = server.channel();
  const client = new RuntimeClient(channel, server.task.token);
  const session = await TaskSession.begin(client, { clock, random: seededRandom(1) });
  /** Advances the clock after all pending work, and runs what becomes due. */
  const pass = async (seconds: number) => {
    await settle();
    await clock.advance(seconds);
    await settle();
  };
  return { server, channel, session, pass };
}

Deno.test("task session: begins with the run, its app and its settings", async () => {
  const { session } = await begin();
  await using _ = session;
  const { run, fab, nodeId, taskId, nodeConfig, state } = session.input;
  assert.equal(taskId, 5n);
  assert.equal(nodeId, 1n);
  assert.equal(run.runId, 7n);
  assert.equal(run.fabId, "me/app");
  assert.equal(run.seriesId, 11n);
  assert.deepEqual([...run.overrideConfig.typedEntries()], [
    ["lr", { type: "double", value: 0.5 }],
    ["rounds", { type: "sint64", value: 3n }],
  ]);
  assert.equal(new TextDecoder().decode(fab.content), "an app");
  assert.deepEqual(fab.verifications, { key: "{}" });
  assert.equal(nodeConfig.number("partition-id"), 0);
  assert.equal(state.size, 0);
});

Deno.test("task session: refuses an app that does not match its hash", async () => {
  const server = new FakeBackend();
  server.fab = { ...server.fab, content: new Uint8Array([1]) };
  await assert.rejects(begin(server), { code: "data-loss" });
});

Deno.test("task session: heartbeats are sent until the task is finished", async () => {
  const { server, session, pass } = await begin();
  for (let step = 0; step < 10; step++) await pass(22.5);
  assert.equal(server.heartbeats, 10);
  await session.finish("completed");
  await pass(100);
  assert.equal(server.heartbeats, 10);
  assert.deepEqual(server.end, { outcome: "completed", details: "" });
});

Deno.test("task session: output is sent in batches, the last one before the end", async () => {
  const { server, channel, session, pass } = await begin();
  const batches = () => channel.calls.filter((path) => path.endsWith("/PushLogs")).length;
  session.log("a\n");
  session.log("b\n");
  await pass(0);
  session.log("c\n");
  session.log("d\n");
  await pass(0.1);
  assert.deepEqual([server.log.length, batches()], [2, 1]);
  await pass(0.2);
  assert.deepEqual([server.log.length, batches()], [4, 2]);
  session.log("e\n");
  await session.finish("failed", "It broke");
  assert.deepEqual(server.log, ["a\n", "b\n", "c\n", "d\n", "e\n"]);
  assert.deepEqual(server.end, { outcome: "failed", details: "It broke" });
});

Deno.test("task session: keeps the newest unsent output", async () => {
  const { server, session } = await begin();
  const line = `${"x".repeat(1023)}\n`;
  for (let count = 0; count < 2 * MAX_BUFFERED_LOG_CHARACTERS / 1024; count++) session.log(line);
  session.log("last\n");
  await session.finish("completed");
  assert.equal(server.log.at(-1), "last\n");
  // All were written before anything could be sent.
  const told = /^\((\d+) lines dropped, .*\n$/.exec(server.log[0]!);
  assert.equal(Number(told?.[1]) + server.log.length - 2, 2 * MAX_BUFFERED_LOG_CHARACTERS / 1024);
  const kept = server.log.slice(1).join("").length;
  assert.ok(kept <= MAX_BUFFERED_LOG_CHARACTERS && kept > MAX_BUFFERED_LOG_CHARACTERS - 2048);
});

Deno.test("task session: a stop is noticed at the next heartbeat, and no outcome is sent", async () => {
  const { server, session, pass } = await begin();
  server.good = false;
  await pass(22.5);
  assert.equal(session.ended.aborted, true);
  assert.equal((session.ended.reason as FlwrError).code, "cancelled");
  await session.finish("failed", "stopped");
  assert.equal(server.end, undefined);
});

Deno.test("task session: continues while the server cannot be reached", async () => {
  const { server, channel, session, pass } = await begin();
  channel.failing = () => {
    throw new FlwrError("unavailable", "away");
  };
  session.log("lost\n");
  await pass(22.5);
  await pass(22.5);
  assert.equal(session.ended.aborted, false);
  channel.failing = () => {};
  await pass(22.5);
  assert.equal(server.heartbeats, 1);
  await session.finish("completed");
});

Deno.test("task session: an unfinished one ends as failed", async () => {
  const { server, session } = await begin();
  await session[Symbol.asyncDispose]();
  assert.equal(server.end?.outcome, "failed");
});
