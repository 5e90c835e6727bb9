import assert from "node:assert/strict";
import { type Bench, linkTest } from "../../tests/link/harness.ts";
import { BY_HAND } from "../testing/records.ts";

const FAB = {
  fabId: "flwr/app",
  fabVersion: "1.2.3",
  fab: { hash: "ab".repeat(32), content: new Uint8Array([1, 2, 3]) },
};
const LIMITS = {
  maxCheckpointsPerRun: 3,
  maxCheckpointBytesPerRun: 100,
  maxArtifactPieceBytes: 10,
  minArtifactPieceBytes: 5,
  maxVainResumes: 2,
  maxResumes: 5,
};
const REASON = "The SuperLink was restarted";

/** Claims and begins a run, to which the bench's messages then belong. @returns its token */
async function begin(bench: Bench, runId: bigint): Promise<string> {
  const { token } = (await bench.link.runs.claim({ runId }))!;
  await bench.link.runs.begin(token);
  bench.runId = runId;
  return token;
}

async function started(bench: Bench, input: { resumeFrom?: bigint } = {}) {
  const { runId } = await bench.link.runs.create({ ...FAB, ...input });
  return { runId, token: await begin(bench, runId) };
}

/** Saves a checkpoint of 15 bytes with the same value. */
async function save(bench: Bench, runId: bigint, value: number, name = "start-1"): Promise<void> {
  const bytes = new Uint8Array(15).fill(value);
  const piece = { kind: "checkpoint" as const, name, size: 15 };
  const first = { ...piece, offset: 0, bytes: bytes.slice(0, 10) };
  assert.equal(await bench.link.artifacts.putPiece(runId, first), false);
  const last = { ...piece, offset: 10, bytes: bytes.slice(10) };
  assert.equal(await bench.link.artifacts.putPiece(runId, last), true);
}

/** The value of a checkpoint; undefined if there is none. */
async function saved({ link }: Bench, runId: bigint, name = "start-1") {
  const first = await link.artifacts.readCheckpoint(runId, name, 0);
  if (first === undefined) return undefined;
  const second = await link.artifacts.readCheckpoint(runId, name, 10);
  const bytes = [...first.bytes, ...second!.bytes];
  assert.deepEqual([first.size, second!.size, bytes.length], [15, 15, 15]);
  assert.equal(await link.artifacts.readCheckpoint(runId, name, 15), undefined);
  assert.ok(bytes.every((byte) => byte === bytes[0]));
  return bytes[0];
}

const stateOf = async ({ link }: Bench, runId: bigint) => (await link.runs.get(runId))!.state;

linkTest("a checkpoint is replaced with its last piece, and no user sees it", async (bench) => {
  const { runId } = await started(bench);
  assert.equal(await saved(bench, runId), undefined);
  await save(bench, runId, 1);
  bench.events.length = 0;
  const begun = { kind: "checkpoint" as const, name: "start-1", size: 15, offset: 0 };
  await bench.link.artifacts.putPiece(runId, { ...begun, bytes: new Uint8Array(10).fill(2) });
  assert.equal(await saved(bench, runId), 1);
  await bench.restart();
  assert.equal(await saved(bench, runId), 1);
  await save(bench, runId, 3);
  assert.equal(await saved(bench, runId), 3);
  assert.deepEqual(await bench.link.artifacts.list(runId), []);
  assert.deepEqual(bench.events, [{ kind: "checkpoint-saved", runId }]);
  // An artifact with the same name is another file.
  const piece = { name: "start-1", size: 3, offset: 0, bytes: new Uint8Array(3) };
  await bench.link.artifacts.putPiece(runId, piece);
  assert.equal(await saved(bench, runId), 3);
  assert.deepEqual((await bench.link.artifacts.list(runId)).map(({ size }) => size), [3]);
}, LIMITS);

linkTest("a run's checkpoints are limited in number and bytes", async (bench) => {
  const { runId } = await started(bench);
  for (const name of ["a", "b", "c"]) await save(bench, runId, 1, name);
  await assert.rejects(save(bench, runId, 1, "d"), { code: "resource-exhausted" });
  const large = { kind: "checkpoint" as const, name: "a", size: 71, offset: 0 };
  await assert.rejects(
    bench.link.artifacts.putPiece(runId, { ...large, bytes: new Uint8Array(10) }),
    { code: "resource-exhausted", message: /Checkpoint "a".*limit is 100/ },
  );
  await bench.link.artifacts.putPiece(runId, { ...large, size: 70, bytes: new Uint8Array(10) });
}, LIMITS);

linkTest(
  "an interrupted run is pending again, and nothing of its process counts",
  async (bench) => {
    const { link } = bench;
    const nodeId = await bench.node(1000);
    const { runId, token } = await started(bench);
    const firstBeganAt = bench.clock.now();
    await bench.clock.advance(5);
    await save(bench, runId, 7);
    const instruction = await bench.push(nodeId);
    const handed = await link.messages.pullInstruction(nodeId);
    assert.equal(handed?.messageId, instruction.messageId);
    await link.runs.appendLog(runId, ["Z half a line"]);
    bench.events.length = 0;
    await link.runs.interrupt(runId, REASON);
    const kinds = bench.events.map(({ kind }) => kind);
    assert.deepEqual(kinds.filter((kind) => kind.startsWith("run-")), ["run-interrupted"]);
    const run = (await link.runs.get(runId))!;
    assert.deepEqual([run.state, run.resumes, run.startingAt], ["pending", 1, undefined]);
    assert.equal(run.runningAt, firstBeganAt);
    assert.equal(await link.runs.heartbeat(token), false);
    await assert.rejects(link.runs.finish(token, { outcome: "completed", details: "" }), {
      code: "unauthenticated",
    });
    assert.notEqual(await bench.refusalOf(bench.reply(handed!), []), undefined);
    await assert.rejects(bench.push(nodeId));
    assert.equal(await link.messages.pullInstruction(nodeId), undefined);
    const { text } = await link.runs.readLog(runId, 0);
    assert.match(
      text,
      /^Z half a line\n\S+Z The SuperLink was restarted\. The run continues from .*\n$/,
    );

    await bench.restart();
    assert.ok(await bench.link.runs.getFab(FAB.fab.hash), "the app is kept");
    const again = await begin(bench, runId);
    assert.notEqual(again, token);
    assert.equal((await bench.link.runs.get(runId))!.runningAt, firstBeganAt);
    assert.equal(await saved(bench, runId), 7);
    const next = await bench.push(nodeId);
    assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, next.messageId);
    await bench.link.runs.finish(again, { outcome: "completed", details: "" });
    assert.equal(await stateOf(bench, runId), "finished:completed");
  },
  LIMITS,
);

linkTest("without a checkpoint, a run starts over only if it had no effects", async (bench) => {
  const nodeId = await bench.node(1000);
  const fresh = await started(bench);
  await bench.link.runs.interrupt(fresh.runId, REASON);
  assert.equal(await stateOf(bench, fresh.runId), "pending");

  const instructed = await started(bench);
  await bench.push(nodeId);
  await bench.link.runs.interrupt(instructed.runId, REASON);
  const run = (await bench.link.runs.get(instructed.runId))!;
  assert.equal(run.state, "finished:failed");
  assert.match(run.details, /^The SuperLink was restarted, and it had saved no checkpoint$/);

  const saving = await started(bench);
  const piece = { name: "model", size: 3, offset: 0, bytes: new Uint8Array(3) };
  await bench.link.artifacts.putPiece(saving.runId, piece);
  await bench.link.runs.interrupt(saving.runId, REASON);
  assert.equal(await stateOf(bench, saving.runId), "finished:failed");

  // A checkpoint that is not complete is not one.
  const half = await started(bench);
  await bench.push(nodeId);
  const begun = { kind: "checkpoint" as const, name: "start-1", size: 15, offset: 0 };
  await bench.link.artifacts.putPiece(half.runId, { ...begun, bytes: new Uint8Array(10) });
  await bench.link.runs.interrupt(half.runId, REASON);
  assert.equal(await stateOf(bench, half.runId), "finished:failed");

  const { run: byHand } = await bench.link.runs.start({ ...BY_HAND, lifeSign: "heartbeats" });
  await bench.link.runs.interrupt(byHand.runId, REASON);
  assert.equal(await stateOf(bench, byHand.runId), "finished:failed");
}, LIMITS);

linkTest("a run that is not running is not interrupted", async (bench) => {
  const { runId } = await bench.link.runs.create(FAB);
  await bench.link.runs.interrupt(runId, REASON);
  assert.equal((await bench.link.runs.get(runId))!.resumes, undefined);
  await bench.link.runs.claim({ runId });
  await bench.link.runs.interrupt(runId, REASON);
  assert.equal(await stateOf(bench, runId), "starting");
  await bench.link.runs.stop(runId);
  await bench.link.runs.interrupt(runId, REASON);
  assert.equal(await stateOf(bench, runId), "finished:stopped");
  await assert.rejects(bench.link.runs.interrupt(5n, REASON), { code: "not-found" });
}, LIMITS);

linkTest("a run that is interrupted again and again without progress fails", async (bench) => {
  const { runId } = await started(bench);
  await save(bench, runId, 1);
  const interrupt = async () => {
    await bench.link.runs.interrupt(runId, REASON);
    await bench.restart();
    const state = await stateOf(bench, runId);
    if (state === "pending") await begin(bench, runId);
    return state;
  };
  assert.deepEqual([await interrupt(), await interrupt()], ["pending", "pending"]);
  await save(bench, runId, 2);
  assert.deepEqual([await interrupt(), await interrupt()], ["pending", "pending"]);
  assert.equal((await bench.link.runs.get(runId))!.resumes, 4);
  // What a run released in a round that is not over is no progress.
  await save(bench, runId, 3, "start-1-releases");
  assert.equal(await interrupt(), "finished:failed");
  assert.match((await bench.link.runs.get(runId))!.details, /for the 3rd time since its last/);

  const other = await started(bench);
  for (let time = 1; time <= 6; time++) {
    await save(bench, other.runId, time);
    await bench.link.runs.interrupt(other.runId, REASON);
    const state = await stateOf(bench, other.runId);
    assert.equal(state, time <= 5 ? "pending" : "finished:failed");
    if (state === "pending") await begin(bench, other.runId);
  }
}, LIMITS);

linkTest("a ServerApp without heartbeats is gone: its run goes on", async (bench) => {
  const { runId, token } = await started(bench);
  await save(bench, runId, 1);
  await bench.pass(59);
  assert.equal(await stateOf(bench, runId), "running");
  await bench.pass(2);
  assert.equal(await stateOf(bench, runId), "pending");
  assert.equal(await bench.link.runs.ofToken(token), undefined);
}, LIMITS);

linkTest("a new run goes on from the checkpoint of a finished one", async (bench) => {
  const first = await started(bench);
  await save(bench, first.runId, 1);
  const resume = (resumeFrom: bigint, fabId = FAB.fabId) =>
    bench.link.runs.create({ ...FAB, fabId, resumeFrom });
  const refused = { code: "failed-precondition" };
  await assert.rejects(resume(first.runId), { ...refused, message: /is running/ });
  await bench.link.runs.stop(first.runId);
  await assert.rejects(resume(first.runId, "flwr/other"), { ...refused, message: /"flwr\/app"/ });
  await assert.rejects(resume(5n), { code: "not-found" });

  const second = await started(bench, { resumeFrom: first.runId });
  assert.equal((await bench.link.runs.get(second.runId))!.resumedFrom, first.runId);
  assert.equal(await saved(bench, second.runId), 1);
  // It has sent instructions, but it can continue from the first run's checkpoint.
  await bench.push(await bench.node(1000));
  await bench.link.runs.interrupt(second.runId, REASON);
  assert.equal(await stateOf(bench, second.runId), "pending");
  await bench.link.runs.stop(second.runId);
  // It saved none itself: its source's are used.
  const third = await started(bench, { resumeFrom: second.runId });
  assert.equal((await bench.link.runs.get(third.runId))!.resumedFrom, first.runId);
  await save(bench, third.runId, 3);
  assert.equal(await saved(bench, third.runId), 3);
  assert.equal(await saved(bench, first.runId), 1);
  await bench.link.runs.stop(third.runId);
  const fourth = await started(bench, { resumeFrom: third.runId });
  assert.equal(await saved(bench, fourth.runId), 3);

  // A count of releases is not a model: the model is that of the run before, and what was released counts.
  await bench.link.runs.stop(fourth.runId);
  const fifth = await started(bench, { resumeFrom: fourth.runId });
  await save(bench, fifth.runId, 5, "start-1-releases");
  await bench.link.runs.stop(fifth.runId);
  const sixth = await started(bench, { resumeFrom: fifth.runId });
  assert.equal((await bench.link.runs.get(sixth.runId))!.resumedFrom, fifth.runId);
  assert.equal(await saved(bench, sixth.runId), 3);
  assert.equal(await saved(bench, sixth.runId, "start-1-releases"), 5);

  const none = await started(bench);
  await bench.link.runs.stop(none.runId);
  await assert.rejects(resume(none.runId), { ...refused, message: /has no checkpoint/ });
}, LIMITS);

linkTest("checkpoints go with their run's artifacts, and their absence is told", async (bench) => {
  const first = await started(bench);
  await save(bench, first.runId, 1);
  await bench.link.runs.stop(first.runId);
  const second = await started(bench, { resumeFrom: first.runId });
  await bench.restart({ ...LIMITS, maxFinishedArtifactBytes: 0 });
  await bench.pass(100);
  assert.equal((await bench.store.usage()).artifacts, 0);
  const refused = { code: "failed-precondition", message: /were removed/ };
  await assert.rejects(saved(bench, second.runId), refused);
  await assert.rejects(bench.link.runs.create({ ...FAB, resumeFrom: first.runId }), refused);
}, LIMITS);
