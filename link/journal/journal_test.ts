import assert from "node:assert/strict";
import type { AppEvent, JournalKind } from "../../entities/journal.ts";
import { BY_HAND } from "../testing/records.ts";
import { type Bench, linkTest, UPDATE_OBJECTS } from "../../tests/link/harness.ts";

/** Kinds of all records, oldest first. */
async function kindsOf(bench: Bench, runId?: bigint): Promise<JournalKind[]> {
  const filter = runId === undefined ? {} : { runId };
  return (await bench.link.journal.since(0, filter)).records.map(({ kind }) => kind);
}

const round = (number: number): AppEvent => ({
  kind: "round-started",
  data: { round: number, rounds: 3 },
});

linkTest("what happens to nodes and runs is recorded in order, with its times", async (bench) => {
  const { clock, link, runId } = bench;
  const nodeId = await bench.node(30);
  const pushedAt = clock.now();
  await bench.push(nodeId);
  await clock.advance(2);
  const handedOutAt = clock.now();
  const handed = (await link.messages.pullInstruction(nodeId))!;
  await clock.advance(3);
  await bench.answer(handed);
  const { records } = await link.journal.since(0);
  assert.deepEqual(
    records.map(({ kind, runId, nodeId }) => [kind, runId, nodeId]),
    [
      ["run-created", runId, undefined],
      ["run-claimed", runId, undefined],
      ["run-began", runId, undefined],
      ["node-joined", undefined, nodeId],
      ["instructions-pushed", runId, undefined],
      ["instruction-answered", runId, nodeId],
    ],
  );
  const answered = records.at(-1)!;
  assert.equal(answered.at, clock.now());
  assert.deepEqual(answered.data, {
    messageId: handed.messageId,
    messageType: "train",
    groupId: "1",
    pushedAt,
    handedOutAt,
  });
  const sequences = records.map(({ sequence }) => sequence);
  assert.deepEqual(sequences, [...new Set(sequences)].sort((a, b) => a - b));
});

linkTest("a transaction that fails records nothing", async (bench) => {
  const before = await kindsOf(bench);
  const unknown = { code: "not-found" };
  await assert.rejects(bench.link.journal.add(7n, [round(1)]), unknown);
  await assert.rejects(bench.link.nodes.unregister(7n), unknown);
  assert.deepEqual(await kindsOf(bench), before);
});

linkTest(
  "an error of a node, and one in its place, are recorded with their reasons",
  async (bench) => {
    const nodeId = await bench.node(30);
    await bench.push(nodeId);
    const { content: _, ...fields } = bench.reply(
      (await bench.link.messages.pullInstruction(nodeId))!,
    );
    const reply = { ...fields, error: { code: 2, reason: "x".repeat(1000) } };
    assert.equal(await bench.refusalOf(reply, UPDATE_OBJECTS), undefined);
    const unanswered = await bench.push(nodeId);
    await bench.link.nodes.leave(nodeId);
    await bench.link.messages.pullReplies([unanswered.messageId]);
    const kinds = ["instruction-answered", "instruction-failed"] as const;
    const { records } = await bench.link.journal.since(0, { kinds, nodeId });
    const errors = records.map(({ data }) => "error" in data ? data.error : undefined);
    assert.deepEqual(records.map(({ kind }) => kind), kinds);
    assert.equal(errors[0]?.code, 2);
    assert.ok(errors[0].reason.length < 400);
    assert.notEqual(errors[1], undefined);
    assert.ok(!("handedOutAt" in records[1]!.data));
  },
);

linkTest("pages lead through the journal in both directions", async (bench) => {
  const { link, runId } = bench;
  const other = await bench.link.runs.start(BY_HAND);
  for (const number of [1, 2, 3]) {
    await link.journal.add(runId, [round(number)]);
    await link.journal.add(other.run.runId, [round(10 * number)]);
  }
  const roundsOf = (records: readonly { data: object }[]) =>
    records.map(({ data }) => "round" in data ? data.round : undefined);
  const filter = { runId, kinds: ["round-started"] as const, limit: 4 };
  const first = await link.journal.since(0, filter);
  // The run's first three records have another kind.
  assert.deepEqual([roundsOf(first.records), first.more], [[1], true]);
  const second = await link.journal.since(first.position, filter);
  assert.deepEqual([roundsOf(second.records), second.more], [[2, 3], false]);
  const end = await link.journal.since(second.position, filter);
  assert.deepEqual(end, { records: [], position: second.position, more: false });
  const last = await link.journal.before(Infinity, { ...filter, limit: 2 });
  assert.deepEqual([roundsOf(last.records), last.more], [[3, 2], true]);
  const earlier = await link.journal.before(last.position, filter);
  assert.deepEqual([roundsOf(earlier.records), earlier.more], [[1], false]);
});

linkTest("a position beyond every record gives an empty page", async ({ link, runId }) => {
  for (const after of [Number.MAX_SAFE_INTEGER, Number(2n ** 63n), Number(2n ** 64n - 1n)]) {
    const page = await link.journal.since(after, { runId });
    assert.deepEqual(page, { records: [], position: after, more: false });
  }
});

linkTest("a held read ends with the next records, and gathers those that follow", async (bench) => {
  const { link, runId, clock } = bench;
  const { position } = await link.journal.since(0);
  let page: { records: readonly unknown[] } | undefined;
  const held = link.journal.next(position, { runId, holdSeconds: 10 }).then((found) =>
    page = found
  );
  await bench.quiet();
  assert.equal(page, undefined);
  await link.journal.add(runId, [round(1)]);
  await link.journal.add(runId, [round(2)]);
  await bench.quiet();
  await clock.advance(0.2);
  assert.equal((await held).records.length, 2);
  const empty = link.journal.next((await link.journal.since(0)).position, { holdSeconds: 5 });
  await bench.quiet();
  await clock.advance(6);
  await bench.quiet();
  await clock.advance(6);
  assert.deepEqual((await empty).records, []);
});

linkTest("who waits for the records of a run does not read for those of others", async (bench) => {
  const { link, runId, clock, store } = bench;
  const other = await link.runs.start(BY_HAND);
  const { position } = await link.journal.since(0);
  const transaction = store.transaction.bind(store);
  let reads = 0;
  store.transaction = (kind, work) => {
    if (kind === "read-only") reads++;
    return transaction(kind, work);
  };
  const held = link.journal.next(position, { runId, holdSeconds: 10 });
  await bench.quiet();
  const before = reads;
  for (let nth = 0; nth < 5; nth++) {
    await link.journal.add(other.run.runId, [round(nth)]);
    await clock.advance(0.2);
    await bench.quiet();
  }
  assert.equal(reads, before);
  await link.journal.add(runId, [round(1)]);
  await bench.quiet();
  await clock.advance(0.2);
  assert.equal((await held).records.length, 1);
  assert.ok(reads > before);
  store.transaction = transaction;
});

linkTest("events of apps are refused whole if one is not as its kind requires", async (bench) => {
  const { link, runId } = bench;
  const bad: unknown[] = [
    { kind: "run-finished", data: { state: "finished:completed", details: "" } },
    { kind: "constructor", data: {} },
    { kind: "round-started", data: { round: 1 } },
    { kind: "round-started", data: { round: -1, rounds: 3 } },
    { kind: "round-started", data: { round: 1, rounds: 3, more: "x" } },
    { kind: "round-started", data: { round: "1", rounds: 3 } },
    { kind: "app-event", data: { event: "e", data: "x".repeat(20_000) } },
    { kind: "server-evaluated", data: { round: 1, seconds: 1, metrics: { loss: "high" } } },
  ];
  const before = await kindsOf(bench);
  for (const event of bad) {
    await assert.rejects(
      link.journal.add(runId, [round(1), event as AppEvent]),
      { code: "invalid-argument" },
      JSON.stringify(event).slice(0, 100),
    );
  }
  const many = Array.from({ length: 1001 }, (_, nth) => round(nth));
  await assert.rejects(link.journal.add(runId, many), { code: "invalid-argument" });
  assert.deepEqual(await kindsOf(bench), before);
  await link.journal.add(runId, [
    { kind: "node-replied", nodeId: 5n, data: { messageType: "train", seconds: 1 } },
    {
      kind: "server-evaluated",
      data: { round: 0, seconds: 0.5, metrics: { loss: "NaN", accuracy: 0.5 } },
    },
  ]);
  const { records } = await link.journal.since(0, { kinds: ["server-evaluated"] });
  assert.deepEqual(records[0]?.data, {
    round: 0,
    seconds: 0.5,
    metrics: { loss: "NaN", accuracy: 0.5 },
  });
});

linkTest("a run that has ended gets no events", async (bench) => {
  await bench.link.runs.stop(bench.runId);
  await assert.rejects(bench.link.journal.add(bench.runId, [round(1)]), {
    code: "failed-precondition",
  });
  assert.equal((await kindsOf(bench)).at(-1), "run-finished");
});

linkTest("a clock that goes back does not turn the order", async (bench) => {
  const { link, runId, store } = bench;
  await link.journal.add(runId, [round(1)]);
  const [last] = (await link.journal.before(Infinity, { limit: 1 })).records;
  const late = { ...round(2), runId, at: 0, isDetail: false };
  await store.transaction("relaxed", (tx) => tx.journal.add([late, late], 1));
  const { records } = await link.journal.since(last!.sequence);
  assert.deepEqual(records.map(({ sequence }) => sequence), [
    last!.sequence + 1,
    last!.sequence + 2,
  ]);
});

linkTest(
  "the oldest records go: details of a run before its rounds, and of all in the end",
  async (bench) => {
    const { link, runId } = bench;
    const replied = (nth: number): AppEvent => ({
      kind: "node-replied",
      data: { messageType: "train", seconds: nth },
    });
    for (let nth = 1; nth <= 4; nth++) {
      await link.journal.add(runId, [round(nth), replied(nth), replied(10 * nth)]);
    }
    await bench.pass(61);
    const { records } = await link.journal.since(0, { runId });
    const kept = records.map(({ kind, data }) => [
      kind,
      "seconds" in data ? data.seconds : "round" in data ? data.round : undefined,
    ]);
    assert.deepEqual(kept, [
      ["round-started", 2],
      ["round-started", 3],
      ["node-replied", 30],
      ["round-started", 4],
      ["node-replied", 4],
      ["node-replied", 40],
    ]);
    for (let nth = 0; nth < 10; nth++) await bench.node(1000);
    await bench.pass(61);
    // Five joins at most without a run, and eight records in all.
    const kinds = await kindsOf(bench);
    assert.equal(kinds.length, 8);
    assert.deepEqual(kinds.filter((kind) => kind === "node-joined").length, 5);
  },
  {
    maxJournalDetailsPerRun: 3,
    maxJournalRecordsPerRun: 3,
    maxJournalRecordsOfNodes: 5,
    maxJournalRecords: 8,
    journalBatch: 2,
  },
);

linkTest("a ServerApp that reports large events cannot fill the store", async (bench) => {
  const { link, runId, store } = bench;
  const note = (nth: number): AppEvent => ({
    kind: "app-event",
    data: { event: `step-${nth}`, data: "x".repeat(1000) },
  });
  const report = (from: number) =>
    link.journal.add(runId, Array.from({ length: 10 }, (_, nth) => note(from + nth)));
  await link.journal.add(runId, [round(1)]);
  for (const from of [0, 10, 20]) await report(from);
  await assert.rejects(report(30), { code: "resource-exhausted" });
  await bench.pass(61);
  const bytes = await store.transaction("read-only", (tx) => tx.journal.bytes(runId));
  assert.ok(bytes > 4000 && bytes <= 8000, `${bytes} bytes`);
  const { records } = await link.journal.since(0, { runId });
  const { data } = records.at(-1)!;
  assert.equal("event" in data && data.event, "step-29");
  assert.ok(records.some(({ kind }) => kind === "round-started"));
  await report(30);
}, { maxJournalBytesPerRun: 8000 });

linkTest("the size of an event counts as it is stored", async ({ link, runId }) => {
  const own = (data: string): AppEvent => ({ kind: "app-event", data: { event: "e", data } });
  // JSON writes each as six characters.
  await assert.rejects(link.journal.add(runId, [own("\u0001".repeat(16_000))]), {
    code: "invalid-argument",
  });
  await link.journal.add(runId, [own("x".repeat(16_000))]);
});

linkTest("the records of a run go with it", async (bench) => {
  const { runId } = bench;
  await bench.link.runs.stop(runId);
  const next = await bench.link.runs.start(BY_HAND);
  await bench.link.runs.stop(next.run.runId);
  await bench.pass(120);
  assert.equal(await bench.link.runs.get(runId), undefined);
  assert.deepEqual(await kindsOf(bench, runId), []);
  assert.notDeepEqual(await kindsOf(bench, next.run.runId), []);
}, { maxFinishedRuns: 1, journalBatch: 2 });
