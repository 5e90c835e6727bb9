import assert from "node:assert/strict";
import { type Bench, linkTest, UPDATE_OBJECTS } from "../../tests/link/harness.ts";
import { BY_HAND } from "../testing/records.ts";

const HASH = "ab".repeat(32);
const CONTENT = new Uint8Array([1, 2, 3]);
const FAB = { fabId: "flwr/app", fabVersion: "1.2.3", fab: { hash: HASH, content: CONTENT } };

/** Creates a pending run with an app. */
function submit(bench: Bench) {
  return bench.link.runs.create(FAB);
}

/** Begins a run, to which the bench's messages then belong. @returns its token */
async function begin(bench: Bench): Promise<string> {
  const { runId } = await submit(bench);
  const { token } = (await bench.link.runs.claim({ runId }))!;
  await bench.link.runs.begin(token);
  bench.runId = runId;
  return token;
}

linkTest("a run is found by its id, unchanged, also after a restart", async (bench) => {
  const overrideConfig = {
    whole: 2n ** 63n - 1n,
    real: 3,
    tiny: -0,
    none: NaN,
    yes: true,
    text: "ü\0",
    bytes: new Uint8Array([0, 255]),
    ["__proto__x"]: "x",
  };
  const run = await bench.link.runs.create({ ...FAB, overrideConfig, federation: "@a/b" });
  assert.equal(run.state, "pending");
  assert.deepEqual(await bench.link.runs.get(run.runId), run);
  await bench.restart();
  const again = await bench.link.runs.get(run.runId);
  assert.deepEqual(again, run);
  assert.ok(Object.is(again!.overrideConfig.tiny, -0));
  assert.equal(await bench.link.runs.get(run.runId ^ 1n), undefined);
  assert.deepEqual(await bench.link.runs.getFab(HASH), CONTENT);
  assert.equal(await bench.link.runs.getFab("other"), undefined);
});

linkTest("a run that was started by hand has a task, as any", async (bench) => {
  const { link } = bench;
  bench.events.length = 0;
  const { run, token } = await link.runs.start({ ...BY_HAND, lifeSign: "heartbeats" });
  const { runId } = run;
  const now = bench.clock.now();
  assert.equal(run.state, "running");
  assert.deepEqual([run.pendingAt, run.startingAt, run.runningAt], [now, now, now]);
  assert.equal(run.federation, "@none/default");
  assert.deepEqual(bench.events, [
    { kind: "run-created", runId },
    { kind: "run-claimed", runId },
    { kind: "run-began", runId },
  ]);
  assert.equal(await link.runs.claim(), undefined);
  assert.equal(await link.runs.claim({ runId }), undefined);
  await assert.rejects(link.runs.begin(token), { code: "failed-precondition" });
  assert.deepEqual(await link.runs.ofToken(token), run);
  assert.equal(await link.runs.heartbeat(token), true);
  await link.runs.finish(token, { outcome: "completed", details: "all good" });
  const ended = (await link.runs.get(runId))!;
  assert.deepEqual([ended.state, ended.details], ["finished:completed", "all good"]);
  assert.equal(await link.runs.ofToken(token), undefined);
});

linkTest("a run that was started by hand fails after a day without heartbeats", async (bench) => {
  const { link } = bench;
  const day = 86_400;
  const { run: { runId }, token } = await link.runs.start({ ...BY_HAND, lifeSign: "heartbeats" });
  const state = async () => (await bench.link.runs.get(runId))?.state;
  await bench.pass(day - 1);
  assert.equal(await link.runs.heartbeat(token), true);
  await bench.restart();
  await bench.pass(day - 1);
  assert.equal(await state(), "running");
  // Its instructions are no heartbeats.
  await bench.push(await bench.node(1800), { runId, ttl: 2 * day });
  await bench.pass(2);
  // SuperLinks that share a database take the jumps of the clock for times in which none was up, and wait a minute.
  await bench.pass(120, 24);
  assert.equal(await state(), "finished:failed");
  assert.equal(await bench.link.runs.heartbeat(token), false);
});

linkTest("a run that was started by hand fails when no node gave a result", async (bench) => {
  const { link } = bench;
  const { run: { runId }, token } = await link.runs.start({ ...BY_HAND, lifeSign: "heartbeats" });
  const nodeId = await bench.node();
  await bench.push(nodeId, { runId });
  const { content: _, ...instruction } = (await link.messages.pullInstruction(nodeId))!;
  const { content: __, ...reply } = {
    ...bench.reply(instruction),
    error: { code: 2, reason: "no" },
  };
  assert.equal(await bench.refusalOf(reply, []), undefined);
  await link.runs.finish(token, { outcome: "completed", details: "" });
  assert.equal((await link.runs.get(runId))?.state, "finished:failed");
});

linkTest("a FAB is kept while an unfinished run uses it", async (bench) => {
  const runs = [await submit(bench), await submit(bench), await submit(bench)];
  const [first, second, third] = runs.map(({ runId }) => runId);
  const { token } = (await bench.link.runs.claim({ runId: first! }))!;
  await bench.link.runs.stop(second!);
  await bench.link.runs.fail(third!, "for a test");
  assert.deepEqual(await bench.link.runs.getFab(HASH), CONTENT);
  await bench.link.runs.begin(token);
  await bench.link.runs.finish(token, { outcome: "completed", details: "" });
  assert.equal(await bench.link.runs.getFab(HASH), undefined);
  // The next run uploads it again.
  await submit(bench);
  assert.deepEqual(await bench.link.runs.getFab(HASH), CONTENT);
});

linkTest("a run that cannot be created leaves no FAB behind", async (bench) => {
  await assert.rejects(bench.link.runs.create({ ...FAB, seriesId: 77n }), { code: "not-found" });
  assert.equal(await bench.link.runs.getFab(HASH), undefined);
});

linkTest("a run can join an existing series", async (bench) => {
  const first = await submit(bench);
  const second = await bench.link.runs.create({ ...FAB, seriesId: first.seriesId });
  assert.equal(second.seriesId, first.seriesId);
  assert.notEqual((await bench.link.runs.create(FAB)).seriesId, first.seriesId);
  await assert.rejects(bench.link.runs.create({ ...FAB, seriesId: 77n }), { code: "not-found" });
});

linkTest("runs are listed newest first", async (bench) => {
  const ids = [bench.runId];
  for (let index = 0; index < 3; index++) ids.unshift((await submit(bench)).runId);
  const list = async (limit: number, skip: number) =>
    (await bench.link.runs.list({ limit, skip })).map(({ runId }) => runId);
  assert.deepEqual(await list(10, 0), ids);
  assert.deepEqual(await list(2, 1), ids.slice(1, 3));
  assert.deepEqual(await list(2, 4), []);
});

linkTest(
  "a run is claimed, begins and finishes, and its token is valid in between",
  async (bench) => {
    const { runId } = await submit(bench);
    await bench.clock.advance(1);
    const claimed = (await bench.link.runs.claim())!;
    assert.equal(claimed.run.runId, runId);
    assert.equal(claimed.run.state, "starting");
    assert.match(claimed.token, /^[0-9a-f]{256}$/);
    assert.equal(await bench.link.runs.claim(), undefined);
    assert.equal(await bench.link.runs.claim({ runId }), undefined);
    assert.equal((await bench.link.runs.ofToken(claimed.token))?.runId, runId);
    assert.equal(await bench.link.runs.ofToken(claimed.token.replace(/.$/, "x")), undefined);

    await bench.clock.advance(1);
    const begun = await bench.link.runs.begin(claimed.token);
    assert.equal(begun.state, "running");
    await assert.rejects(bench.link.runs.begin(claimed.token), { code: "failed-precondition" });
    await bench.clock.advance(1);
    await bench.link.runs.finish(claimed.token, { outcome: "completed", details: "all good" });
    const run = (await bench.link.runs.get(runId))!;
    const at = run.pendingAt;
    assert.deepEqual(
      [run.state, run.details, run.startingAt, run.runningAt, run.finishedAt],
      ["finished:completed", "all good", at + 1, at + 2, at + 3],
    );
    assert.equal(await bench.link.runs.ofToken(claimed.token), undefined);
    assert.equal(await bench.link.runs.heartbeat(claimed.token), false);
    const end = { outcome: "completed", details: "" } as const;
    for (const token of [claimed.token, ""]) {
      await assert.rejects(bench.link.runs.finish(token, end), { code: "unauthenticated" });
      await assert.rejects(bench.link.runs.begin(token), { code: "unauthenticated" });
    }
  },
);

linkTest("the oldest run is claimed first, and a long poll gets a new one", async (bench) => {
  const first = await submit(bench);
  await submit(bench);
  assert.equal((await bench.link.runs.claim())?.run.runId, first.runId);
  await bench.link.runs.claim();
  const held = bench.link.runs.claim({ holdSeconds: 20 });
  const third = await submit(bench);
  assert.equal((await held)?.run.runId, third.runId);
});

linkTest("only one of many callers can claim a run", async (bench) => {
  const { runId } = await submit(bench);
  const claims = await Promise.all([1, 2, 3].map(() => bench.link.runs.claim({ runId })));
  assert.equal(claims.filter((claim) => claim !== undefined).length, 1);
});

linkTest("a claim expires if the run does not begin", async (bench) => {
  await submit(bench);
  const { token, run } = (await bench.link.runs.claim())!;
  const held = bench.link.runs.claim({ holdSeconds: 20 });
  await bench.pass(20);
  assert.equal(await held, undefined);
  const next = bench.link.runs.claim({ holdSeconds: 20 });
  await bench.pass(10);
  const again = (await next)!;
  assert.equal(again.run.runId, run.runId);
  assert.notEqual(again.token, token);
  await assert.rejects(bench.link.runs.begin(token), { code: "unauthenticated" });
  assert.equal((await bench.link.runs.begin(again.token)).state, "running");
});

linkTest("a run whose ServerApp sends no heartbeat has failed", async (bench) => {
  const token = await begin(bench);
  await bench.push(await bench.node(1000));
  await bench.pass(59);
  assert.equal(await bench.link.runs.heartbeat(token), true);
  await bench.pass(59);
  assert.equal((await bench.link.runs.get(bench.runId))?.state, "running");
  await bench.pass(2);
  const run = (await bench.link.runs.get(bench.runId))!;
  assert.equal(run.state, "finished:failed");
  assert.match(run.details, /^No heartbeat received/);
  assert.equal(await bench.link.runs.heartbeat(token), false);
});

linkTest("downtime of the SuperLink does not count as missing heartbeats", async (bench) => {
  const token = await begin(bench);
  await submit(bench);
  const claimed = (await bench.link.runs.claim())!;
  await bench.pass(20);
  await bench.link.close();
  await bench.clock.advance(1000);
  await bench.restart();
  await bench.pass(29);
  assert.equal((await bench.link.runs.begin(claimed.token)).state, "running");
  assert.equal(await bench.link.runs.heartbeat(token), true);
});

linkTest("a run that has not begun can fail, but not be completed", async (bench) => {
  await submit(bench);
  const { token, run } = (await bench.link.runs.claim())!;
  const end = { outcome: "completed", details: "" } as const;
  await assert.rejects(bench.link.runs.finish(token, end), { code: "failed-precondition" });
  await bench.link.runs.finish(token, { outcome: "failed", details: "no such file" });
  const { state, details } = (await bench.link.runs.get(run.runId))!;
  assert.deepEqual([state, details], ["finished:failed", "no such file"]);
});

linkTest("a run of any kind can be stopped", async (bench) => {
  const byHand = bench.runId;
  const token = await begin(bench);
  for (const runId of [byHand, bench.runId]) {
    await bench.link.runs.stop(runId);
    assert.equal((await bench.link.runs.get(runId))?.state, "finished:stopped");
    await assert.rejects(bench.link.runs.stop(runId), { code: "failed-precondition" });
    await bench.link.runs.fail(runId, "too late");
    assert.equal((await bench.link.runs.get(runId))?.details, "");
  }
  assert.equal(await bench.link.runs.ofToken(token), undefined);
  await assert.rejects(bench.link.runs.stop(5n), { code: "not-found" });
  const { runId } = await submit(bench);
  await bench.link.runs.fail(runId, "no Python");
  assert.deepEqual((await bench.link.runs.get(runId))?.details, "no Python");
  assert.deepEqual(bench.eventsOf("run-finished").map(({ state }) => state), [
    "finished:stopped",
    "finished:stopped",
    "finished:failed",
  ]);
});

linkTest("the end of a run cancels its messages", async (bench) => {
  const nodeId = await bench.node(1000);
  const token = await begin(bench);
  const before = await bench.store.usage();
  const [answered, handed, waiting] = [
    await bench.push(nodeId),
    await bench.push(nodeId),
    await bench.push(nodeId),
  ];
  await bench.link.messages.pullInstruction(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  await bench.answer(answered);
  const ids = [handed.messageId, waiting.messageId];
  const { runId } = bench;
  const pull = bench.link.messages.pullReplies(ids, { runId, holdSeconds: 20 });
  const late = bench.reply(handed);
  await bench.link.runs.finish(token, { outcome: "completed", details: "" });

  const replies = await pull;
  assert.deepEqual(replies.map(({ error }) => error?.code), [3, 3]);
  assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
  assert.notEqual(await bench.refusalOf(late, UPDATE_OBJECTS), undefined);
  const caller = { nodeId, runId };
  assert.deepEqual(await bench.link.objects.pull(caller, "model"), { found: false });
  const refused = await bench.refusalOf(bench.instruction(nodeId), []);
  assert.equal(refused?.code, "run-ended");
  await bench.pass(1);
  // The two errors that the pull was answered with.
  assert.deepEqual(await bench.store.usage(), { ...before, fabs: 0, strayReplies: 2 });
  await bench.pass(60);
  assert.deepEqual(await bench.store.usage(), { ...before, fabs: 0 });
  assert.deepEqual(
    (await bench.link.messages.pullReplies([answered.messageId]))[0]?.error?.code,
    3,
  );
});

linkTest("sent and received bytes are counted", async (bench) => {
  const nodeId = await bench.node(1000);
  const token = await begin(bench);
  const pushed = await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  const received = (await bench.link.runs.get(bench.runId))!.bytesReceived;
  const model = (await bench.stored(pushed.messageId))
    .reduce((sum, { bytes }) => sum + bytes.length, 0);
  assert.equal(received, model);
  const caller = { nodeId, runId: bench.runId };
  const { bytes } = await bench.link.objects.pull(caller, "model");
  assert.equal((await bench.link.runs.get(bench.runId))!.bytesSent, bytes!.length);
  await bench.restart();
  assert.equal((await bench.link.runs.get(bench.runId))!.bytesSent, bytes!.length);
  await bench.link.messages.pullInstruction(nodeId);
  const all = { messageIds: [pushed.messageId], maxBytes: 10_000, maxObjects: 100 };
  await bench.link.objects.pullTogether(caller, all);
  assert.equal(await bench.link.runs.heartbeat(token), true);
  assert.equal(
    (await bench.link.runs.list({ limit: 1, skip: 0 }))[0]!.bytesSent,
    bytes!.length + model,
  );
});

linkTest("a ServerApp sees only its own run's instructions", async (bench) => {
  const nodeId = await bench.node(1000);
  const foreign = await bench.push(nodeId);
  assert.deepEqual(await bench.link.messages.pullReplies([foreign.messageId]), []);
  await begin(bench);
  const { runId } = bench;
  const [reply] = await bench.link.messages.pullReplies([foreign.messageId], { runId });
  assert.equal(reply?.error?.code, 3);
  assert.equal(reply.runId, runId);
  const tree = await bench.link.objects.treeOf(reply.messageId);
  assert.deepEqual([...tree], [[reply.messageId, []]]);
  const caller = { nodeId: 1n, runId };
  assert.equal((await bench.link.objects.pull(caller, reply.messageId)).found, true);
  assert.equal(
    (await bench.link.objects.pull({ ...caller, nodeId }, reply.messageId)).found,
    false,
  );
});

linkTest("a completed run without any result has failed", async (bench) => {
  const nodeId = await bench.node(1000);
  /** Completes a run with these replies. @returns the finished run */
  const endAfter = async (answers: readonly ("result" | "error")[]) => {
    const token = await begin(bench);
    for (const answer of answers) {
      const instruction = await bench.push(nodeId);
      await bench.link.messages.pullInstruction(nodeId);
      if (answer === "result") {
        await bench.answer(instruction);
        continue;
      }
      const { content: _, ...fields } = bench.reply(instruction);
      const reply = { ...fields, error: { code: 7, reason: `no app ${"x".repeat(1000)}` } };
      assert.equal(await bench.refusalOf(reply, []), undefined);
    }
    await bench.link.runs.finish(token, { outcome: "completed", details: "" });
    const { state, details } = (await bench.link.runs.get(bench.runId))!;
    return { state, details };
  };
  const failed = await endAfter(["error", "error"]);
  assert.equal(failed.state, "finished:failed");
  assert.match(failed.details, new RegExp(`all 2 .* from node ${nodeId}: no app x{100,300}$`));
  assert.match((await endAfter(["error"])).details, /the only reply was an error/);
  assert.equal((await endAfter(["error", "result", "error"])).state, "finished:completed");
  assert.equal((await endAfter([])).state, "finished:completed", "a run may send no instructions");
});

linkTest("the replies of before a restart are counted", async (bench) => {
  const nodeId = await bench.node(1000);
  const answer = async (isError: boolean) => {
    const instruction = await bench.push(nodeId);
    await bench.link.messages.pullInstruction(nodeId);
    if (!isError) return await bench.answer(instruction);
    const { content: _, ...fields } = bench.reply(instruction);
    const reply = { ...fields, error: { code: 7, reason: "no app" } };
    assert.equal(await bench.refusalOf(reply, []), undefined);
  };
  const endAfter = async (before: "result" | "error") => {
    const token = await begin(bench);
    await answer(before === "error");
    await bench.restart();
    await answer(true);
    await bench.link.runs.finish(token, { outcome: "completed", details: "" });
    return (await bench.link.runs.get(bench.runId))!;
  };
  assert.equal((await endAfter("result")).state, "finished:completed");
  const { state, details } = await endAfter("error");
  assert.equal(state, "finished:failed");
  assert.match(details, /all 2 replies were errors/);
});

linkTest("the settings of a run's nodes last a restart, and go with its end", async (bench) => {
  const nodeSettings = new Uint8Array([91, 93, 10, 0, 255]);
  const { runId } = await bench.link.runs.create({ ...FAB, nodeSettings });
  const other = await submit(bench);
  await bench.restart();
  assert.deepEqual(await bench.link.runs.nodeSettings(runId), nodeSettings);
  assert.equal(await bench.link.runs.nodeSettings(other.runId), undefined);
  assert.ok(!("nodeSettings" in (await bench.link.runs.get(runId))!));
  await bench.link.runs.stop(runId);
  assert.equal(await bench.link.runs.nodeSettings(runId), undefined);
  assert.equal((await bench.store.usage()).nodeSettings, 0);
});
