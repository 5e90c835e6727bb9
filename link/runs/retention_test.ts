import assert from "node:assert/strict";
import { type Bench, linkTest, UPDATE_OBJECTS } from "../../tests/link/harness.ts";
import { PostgresStore } from "../store/postgres/postgres_store.ts";
import { SqliteStore } from "../store/sqlite/sqlite_store.ts";
import type { LinkStore } from "../store/store.ts";

const FAB = {
  fabId: "flwr/app",
  fabVersion: "1.2.3",
  fab: { hash: "ab".repeat(32), content: new Uint8Array([1, 2, 3]) },
};
/** Longer than finishedRunGraceSeconds. */
const GRACE = 61;

/** A finished run with a log. Each run finishes a second after the one before. */
async function finished(bench: Bench, log = ""): Promise<bigint> {
  const { runId } = await bench.link.runs.create(FAB);
  const { token } = (await bench.link.runs.claim({ runId }))!;
  await bench.link.runs.begin(token);
  if (log !== "") await bench.link.runs.appendLog(runId, [log]);
  await bench.link.runs.finish(token, { outcome: "completed", details: "" });
  await bench.pass(1);
  return runId;
}

const gone = (runId: bigint) => ({
  code: "not-found",
  message: `Run ${runId} is unknown, or was removed because it finished long ago`,
});

linkTest("the newest finished runs are kept, and removals are reported", async (bench) => {
  const { link } = bench;
  const runs = [];
  for (let count = 0; count < 5; count++) runs.push(await finished(bench, "x"));
  const [first, second, ...kept] = runs as [bigint, bigint, ...bigint[]];
  await bench.pass(GRACE);
  const listed = await link.runs.list({ limit: 100, skip: 0 });
  assert.deepEqual(listed.map(({ runId }) => runId), [...kept.toReversed(), bench.runId]);
  assert.deepEqual(bench.eventsOf("runs-removed").flatMap(({ runIds }) => runIds), [first, second]);
  assert.equal(await link.runs.get(first), undefined);
  await assert.rejects(link.runs.readLog(first, 0), gone(first));
  await assert.rejects(link.runs.stop(first), gone(first));
  await assert.rejects(link.runs.appendLog(second, ["late"]), gone(second));
  assert.equal((await link.runs.readLog(kept[0]!, 0)).text, "x");
  const { runs: left, logEntries } = await bench.store.usage();
  assert.deepEqual([left, logEntries], [4, 3]);
}, { maxFinishedRuns: 3 });

linkTest("no run is removed in the minute after its end", async (bench) => {
  const runId = await finished(bench, "the end");
  await bench.pass(58);
  assert.equal((await bench.link.runs.get(runId))?.state, "finished:completed");
  assert.equal((await bench.link.runs.readLog(runId, 0)).text, "the end");
  await bench.pass(2);
  assert.equal(await bench.link.runs.get(runId), undefined);
}, { maxFinishedRuns: 0, maxFinishedLogBytes: 0 });

linkTest("unfinished runs and their logs are never removed", async (bench) => {
  const { link } = bench;
  const pending = await link.runs.create(FAB);
  const running = await link.runs.create(FAB);
  const { token } = (await link.runs.claim({ runId: running.runId }))!;
  await link.runs.begin(token);
  await link.runs.appendLog(running.runId, ["at work"]);
  for (let minute = 0; minute < 10; minute++) {
    await finished(bench);
    await bench.pass(50);
    assert.equal(await link.runs.heartbeat(token), true);
  }
  assert.equal((await link.runs.get(pending.runId))?.state, "pending");
  assert.equal((await link.runs.get(running.runId))?.state, "running");
  assert.equal((await link.runs.readLog(running.runId, 0)).text, "at work");
  assert.ok(await link.runs.getFab(FAB.fab.hash), "the FAB of the pending run");
  // The two runs and the bench's own.
  assert.equal((await bench.store.usage()).runs, 3 + 1, "and one within its grace period");
}, { maxFinishedRuns: 0, maxFinishedLogBytes: 0 });

linkTest(
  "whole logs are removed before runs, in the order in which the runs finished",
  async (bench) => {
    const { link } = bench;
    const [first, second] = [
      await finished(bench, "a".repeat(60)),
      await finished(bench, "ü".repeat(20)),
    ];
    await bench.pass(GRACE);
    assert.deepEqual(bench.eventsOf("run-logs-removed"), [], "100 bytes are not too many");
    const third = await finished(bench, "c");
    await bench.pass(GRACE);
    const removedAt = bench.eventsOf("run-logs-removed");
    assert.deepEqual(removedAt, [{ kind: "run-logs-removed", runIds: [first] }]);
    const gone = { text: "", latest: 0, more: false, endsLine: true, finished: true };
    assert.deepEqual(await link.runs.readLog(first, 0), gone);
    assert.ok((await link.runs.get(first))!.logRemovedAt! <= bench.clock.now());
    assert.equal((await link.runs.get(second))!.logRemovedAt, undefined);
    assert.equal((await link.runs.readLog(second, 0)).text, "ü".repeat(20));
    assert.equal((await link.runs.readLog(third, 0)).text, "c");
  },
  { maxFinishedLogBytes: 100 },
);

/** A finished run with artifacts of these sizes. Each run finishes a second after the one before. */
async function saved(bench: Bench, ...sizes: number[]): Promise<bigint> {
  const { link } = bench;
  const { runId } = await link.runs.create(FAB);
  const { token } = (await link.runs.claim({ runId }))!;
  await link.runs.begin(token);
  for (const [file, size] of sizes.entries()) {
    const piece = { name: `${file}.bin`, size, offset: 0, bytes: new Uint8Array(size).fill(7) };
    assert.equal(await link.artifacts.putPiece(runId, piece), true);
  }
  await link.runs.finish(token, { outcome: "completed", details: "" });
  await bench.pass(1);
  return runId;
}

const sizesOf = async ({ link }: Bench, runId: bigint) =>
  (await link.artifacts.list(runId)).map(({ size }) => size);

linkTest(
  "all artifacts of a run are removed before runs, in the order in which the runs finished",
  async (bench) => {
    const { link } = bench;
    const first = await saved(bench, 30, 30);
    const second = await saved(bench, 40);
    await bench.pass(GRACE);
    assert.deepEqual(bench.eventsOf("run-artifacts-removed"), [], "100 bytes are not too many");
    const [artifact] = await link.artifacts.list(first);
    const third = await saved(bench, 1);
    await bench.pass(GRACE);
    const told = bench.eventsOf("run-artifacts-removed");
    assert.deepEqual(told, [{ kind: "run-artifacts-removed", runIds: [first] }]);
    assert.deepEqual(await sizesOf(bench, first), []);
    assert.equal(await link.artifacts.readPiece(artifact!.artifactId, 0), undefined);
    const run = (await link.runs.get(first))!;
    assert.ok(run.artifactsRemovedAt! <= bench.clock.now());
    assert.ok(!("artifactBytes" in run), "artifactBytes is internal to the store");
    assert.equal((await link.runs.get(second))!.artifactsRemovedAt, undefined);
    assert.deepEqual([await sizesOf(bench, second), await sizesOf(bench, third)], [[40], [1]]);
    assert.equal((await bench.store.usage()).artifacts, 2);
  },
  { maxFinishedArtifactBytes: 100 },
);

linkTest("artifacts above the limit are removed even if no run is newer", async (bench) => {
  const runId = await saved(bench, 60, 41);
  await bench.pass(58);
  assert.deepEqual(await sizesOf(bench, runId), [60, 41], "kept within the grace period");
  await bench.pass(2);
  assert.deepEqual(await sizesOf(bench, runId), []);
  assert.equal((await bench.link.runs.get(runId))?.state, "finished:completed");
}, { maxFinishedArtifactBytes: 100 });

linkTest("artifacts of a running run are not removed and do not count", async (bench) => {
  const { link } = bench;
  const { runId } = await link.runs.create(FAB);
  const { token } = (await link.runs.claim({ runId }))!;
  await link.runs.begin(token);
  const bytes = new Uint8Array(90);
  await link.artifacts.putPiece(runId, { name: "model", size: 90, offset: 0, bytes });
  const other = await saved(bench, 90);
  for (let minute = 0; minute < 3; minute++) {
    await bench.pass(50);
    assert.equal(await link.runs.heartbeat(token), true);
  }
  assert.deepEqual([await sizesOf(bench, runId), await sizesOf(bench, other)], [[90], [90]]);
  await link.runs.finish(token, { outcome: "completed", details: "" });
  await bench.pass(GRACE);
  assert.deepEqual([await sizesOf(bench, runId), await sizesOf(bench, other)], [[90], []]);
}, { maxFinishedArtifactBytes: 100 });

linkTest("artifacts of many runs are removed in several transactions", async (bench) => {
  const runs = [];
  for (let count = 0; count < 5; count++) runs.push(await saved(bench, 10));
  await bench.pass(GRACE);
  await bench.restart({ maxFinishedArtifactBytes: 0, housekeepingBatch: 2 });
  await bench.pass(1);
  const told = bench.eventsOf("run-artifacts-removed").map(({ runIds }) => runIds);
  assert.deepEqual(told, [runs.slice(0, 2), runs.slice(2, 4), runs.slice(4)]);
  const { runs: left, artifacts } = await bench.store.usage();
  assert.deepEqual([left, artifacts], [6, 0]);
});

linkTest("log entries written after a run's end count, too", async (bench) => {
  const runId = await finished(bench);
  await bench.pass(GRACE);
  await bench.link.runs.appendLog(runId, ["x".repeat(101)]);
  await bench.pass(1);
  assert.equal((await bench.link.runs.readLog(runId, 0)).text, "");
  assert.equal((await bench.store.usage()).logEntries, 0);
}, { maxFinishedLogBytes: 100 });

const isInDatabase = (store: LinkStore) =>
  store instanceof SqliteStore || store instanceof PostgresStore;

linkTest(
  "a log of many entries is removed in several transactions, with others in between",
  async (bench) => {
    const { link } = bench;
    const { runId } = await link.runs.create(FAB);
    for (let line = 0; line < 95; line++) await link.runs.appendLog(runId, ["line\n"]);
    await link.runs.stop(runId);
    const entries: number[] = [];
    const transaction = bench.store.transaction.bind(bench.store);
    bench.store.transaction = (kind, work, onCommit) =>
      transaction(kind, async (tx) => {
        const result = await work(tx);
        // Of those that write: other reads happen meanwhile.
        if (kind !== "read-only") entries.push((await tx.logs.since(runId, 0, 1e6)).length);
        return result;
      }, onCommit);
    await bench.pass(GRACE);
    bench.store.transaction = transaction;
    const steps = entries.filter((count, index) => count !== (entries[index - 1] ?? 95));
    // Of 95 entries, twice 20 in each transaction; the in-memory store removes all at once.
    assert.deepEqual(steps, isInDatabase(bench.store) ? [55, 15, 0] : [0]);
    assert.equal(bench.eventsOf("run-logs-removed").length, 1);
  },
  { maxFinishedLogBytes: 0, housekeepingLogEntries: 20, housekeepingBatch: 2 },
);

linkTest("new limits also apply to runs already stored", async (bench) => {
  const runs = [await finished(bench, "a"), await finished(bench, "b"), await finished(bench, "c")];
  await bench.pass(GRACE);
  assert.equal((await bench.store.usage()).runs, 4);
  await bench.restart({ maxFinishedRuns: 1 });
  await bench.pass(1);
  assert.deepEqual(
    bench.eventsOf("runs-removed").flatMap(({ runIds }) => runIds),
    runs.slice(0, 2),
  );
  assert.equal((await bench.store.usage()).logEntries, 1);
});

linkTest("with infinite limits nothing is removed", async (bench) => {
  for (let count = 0; count < 3; count++) await finished(bench, "x");
  await saved(bench, 1);
  await bench.pass(400 * 86_400, 100);
  const { runs, logEntries, artifacts } = await bench.store.usage();
  assert.deepEqual([runs, logEntries, artifacts], [5, 3, 1]);
}, {
  maxFinishedRuns: Infinity,
  maxFinishedLogBytes: Infinity,
  maxFinishedArtifactBytes: Infinity,
});

linkTest("a failed removal is repeated", async (bench) => {
  const runId = await finished(bench, "x");
  const transaction = bench.store.transaction.bind(bench.store);
  let failing = true;
  bench.store.transaction = async (kind, work, onCommit) => {
    let removes = false;
    try {
      return await transaction(kind, async (tx) => {
        const result = await work(tx);
        removes = await tx.runs.get(runId) === undefined;
        if (failing && removes) throw new Error("disk full");
        return result;
      }, onCommit);
    } finally {
      if (removes) failing = false;
    }
  };
  await bench.pass(GRACE);
  assert.equal(bench.eventsOf("housekeeping-failed").length, 1);
  assert.deepEqual(bench.eventsOf("runs-removed"), []);
  await bench.pass(5);
  assert.deepEqual(bench.eventsOf("runs-removed"), [{ kind: "runs-removed", runIds: [runId] }]);
  assert.equal(await bench.link.runs.get(runId), undefined);
}, { maxFinishedRuns: 0 });

linkTest("a series exists while one of its runs is stored", async (bench) => {
  const first = await bench.link.runs.create(FAB);
  await bench.link.runs.stop(first.runId);
  await bench.pass(1);
  const second = await bench.link.runs.create({ ...FAB, seriesId: first.seriesId });
  await bench.pass(GRACE);
  assert.equal(await bench.link.runs.get(first.runId), undefined);
  const third = await bench.link.runs.create({ ...FAB, seriesId: first.seriesId });
  assert.equal(third.seriesId, first.seriesId);
  await bench.link.runs.stop(second.runId);
  await bench.link.runs.stop(third.runId);
  await bench.pass(GRACE);
  await assert.rejects(bench.link.runs.create({ ...FAB, seriesId: first.seriesId }), {
    code: "not-found",
    message: `The SuperLink stores no run of series "${first.seriesId}"`,
  });
}, { maxFinishedRuns: 0 });

linkTest("a run without heartbeats ends after a long silence", async (bench) => {
  const { link, runId } = bench;
  const day = 86_400;
  const nodeId = await bench.node(1800, new Uint8Array([1]));
  const state = async () => (await link.runs.get(runId))?.state;
  await bench.pass(9 * day, 30);
  // Sending instructions keeps the run alive.
  await link.nodes.heartbeat(nodeId, 1800);
  const sent = await bench.push(nodeId, { ttl: 30 * day });
  await bench.pass(9.5 * day, 30);
  assert.equal(await state(), "running");
  // So do unfinished instructions.
  await bench.pass(15 * day, 50);
  assert.equal(await state(), "running");
  await link.nodes.heartbeat(nodeId, 1800);
  const reply = bench.reply((await link.messages.pullInstruction(nodeId))!);
  assert.equal(await bench.refusalOf(reply, UPDATE_OBJECTS), undefined);
  assert.equal((await link.messages.pullReplies([sent.messageId])).length, 1);
  await bench.restart();
  await bench.pass(21 * day, 70);
  // SuperLinks that share a database take the jumps of the clock for times in which none was up, and wait a minute.
  await bench.pass(120, 24);
  const run = (await bench.link.runs.get(runId))!;
  assert.equal(run.state, "finished:stopped");
  assert.equal(run.details, "The ServerApp sent no instructions for 10 days");
}, { unheardRunSeconds: 10 * 86_400, absentNodeRetentionSeconds: Infinity });
