import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { FURTHER_LINE } from "../../base/run_log_lines.ts";
import { seededRandom } from "../../base/random.ts";
import { settle } from "../../base/testing/settle.ts";
import { RuntimeClient } from "../../rpc/dialects/current/client/runtime_client.ts";
import { stampedLog } from "../../rpc/dialects/current/server/pushed_logs.ts";
import { DirectChannel } from "../../rpc/dialects/current/testing/direct_channel.ts";
import { FakeBackend } from "../../rpc/dialects/current/testing/fake_backend.ts";
import type { RunClaim } from "../../hosting/launch/run_source.ts";
import { RemoteRuns } from "./remote_runs.ts";

const FOREVER = new AbortController().signal;

function runsOf(server: FakeBackend, clock = new FakeClock()) {
  const random = seededRandom(1);
  return new RemoteRuns({ channel: server.channel(), secret: undefined, clock, random });
}

/** Claims a run of a SuperLink in memory. */
async function claimRun(
  server = new FakeBackend(),
): Promise<{ server: FakeBackend; run: RunClaim }> {
  return { server, run: (await runsOf(server).claim(FOREVER))! };
}

/** The app of a run, which calls the run's Runtime API. */
function appOf({ runtime, token }: RunClaim, shown = token): RuntimeClient {
  return new RuntimeClient(new DirectChannel(runtime), shown);
}

Deno.test("a run has its app and its settings, and its log is sent", async () => {
  const { server, run } = await claimRun();
  assert.equal(run.runId, 7n);
  const { fab, overrideConfig } = await run.load();
  assert.equal(new TextDecoder().decode(fab), "an app");
  assert.deepEqual(overrideConfig, { lr: 0.5, rounds: 3n });
  await run.begin();
  await run.log(["one\n", "two\n"]);
  assert.equal(await run.isOver(), false);
  await run.finish({ outcome: "completed", details: "" });
  await run[Symbol.asyncDispose]();
  assert.equal(server.log.join(""), "one\ntwo\n");
  assert.deepEqual([server.end?.outcome, await run.isOver()], ["completed", true]);
});

Deno.test("a run whose app is not available can be finished", async () => {
  const { server, run } = await claimRun();
  server.begun = true;
  await assert.rejects(run.load());
  await run.log(["Error: not to be had\n"]);
  await run.finish({ outcome: "failed", details: "not to be had" });
  await run[Symbol.asyncDispose]();
  assert.deepEqual([server.log, server.end?.details], [
    ["Error: not to be had\n"],
    "not to be had",
  ]);
});

Deno.test("an empty line of a log has a time stamp if it is a message, and none within one", async () => {
  const { server, run } = await claimRun();
  await run.load();
  const further = FURTHER_LINE;
  const lines = ["T one\n", "\n", `${further}two\n`, "T\n", `T x\n\n${further}y\n`];
  await run.log(lines);
  await run.finish({ outcome: "completed", details: "" });
  await run[Symbol.asyncDispose]();
  const pieces = ["T one\n\n", `${further}two\n`, "T\n", "T x\n\n", `${further}y\n`];
  assert.deepEqual(server.log, pieces);
  let log = "";
  const time = "2026-11-30T05:28:18.000Z";
  const timed = server.log.map((piece) => piece.replace(/^T/, time));
  for await (const { begin = "", text } of stampedLog(timed, "now")) log += begin + text;
  assert.equal(log, lines.join("").replace(/^T/gm, time), "the SuperLink keeps them as they are");
});

Deno.test("an app's calls are forwarded to the SuperLink; the task's input can be read again", async () => {
  const { server, run } = await claimRun();
  server.online = [{ nodeId: 4n } as FakeBackend["online"][number]];
  await run.load();
  const app = appOf(run);
  assert.deepEqual(await app.nodes(), [{ nodeId: 4n }]);
  const { run: given, fab } = await app.begin();
  assert.deepEqual([given.runId, fab.content.length], [7n, 6]);
  await assert.rejects(appOf(run, "cd".repeat(128)).nodes(), { code: "cancelled" });
  assert.equal(await run.isOver(), false);
  await app.finish("failed", "said the app");
  assert.deepEqual([server.end?.details, await run.isOver()], ["said the app", true]);
  await run[Symbol.asyncDispose]();
  assert.equal(server.end?.details, "said the app", "the first word counts");
});

Deno.test("the app's next call reports a stop, and the claim is lost", async () => {
  const { server, run } = await claimRun();
  await run.load();
  const kept = run.keepAlive(FOREVER);
  server.good = false;
  await assert.rejects(appOf(run).nodes(), { code: "cancelled" });
  assert.equal(await kept, false);
  assert.equal(await run.isOver(), true);
  await run[Symbol.asyncDispose]();
  assert.equal(server.end, undefined);
});

Deno.test("a claim is kept alive until the signal is aborted", async () => {
  const { run } = await claimRun();
  await run.load();
  const settled = new AbortController();
  const kept = run.keepAlive(settled.signal);
  settled.abort();
  assert.equal(await kept, true);
  await run.finish({ outcome: "completed", details: "" });
});

Deno.test("a SuperLink that answers at once is polled", async () => {
  const server = new FakeBackend();
  const [task, type] = [server.task, "flwr-serverapp"];
  let asked = 0;
  const again = Promise.withResolvers<void>();
  server.task = { ...task, type: "flwr-agentapp" };
  const acquire = server.acquireTask.bind(server);
  server.acquireTask = (types) => {
    if (++asked === 1) again.resolve();
    return acquire(types);
  };
  const clock = new FakeClock();
  const claiming = runsOf(server, clock).claim(FOREVER);
  await again.promise;
  await settle();
  server.task = { ...task, type };
  assert.equal(asked, 1, "not before its time");
  await clock.advance(2);
  assert.equal((await claiming)?.runId, 7n);
  assert.equal(asked, 2);
});

Deno.test("the error of a SuperLink that refuses this SuperExec says what to do", async () => {
  const stopping = new AbortController();
  const server = new FakeBackend();
  server.acquireTask = () => Promise.reject(new FlwrError("unauthenticated", "Not to you"));
  const runs = runsOf(server);
  const claiming = runs.claim(stopping.signal);
  const { message, hints } = await runs.refused;
  assert.match(message, /Not to you/);
  assert.match(hints.join(), /--isolation process.*--superexec-auth-secret-file/);
  stopping.abort();
  assert.equal(await claiming, undefined);
});

Deno.test("a temporary error does not count as a refusal", async () => {
  const server = new FakeBackend();
  server.acquireTask = () => Promise.reject(new FlwrError("resource-exhausted", "Too many"));
  await assert.rejects(runsOf(server).claim(FOREVER), { message: /Too many/ });
});
