import assert from "node:assert/strict";
import { settle } from "../../base/testing/settle.ts";
import { DEFAULT_LINK_LIMITS, type LinkLimits } from "../../link/limits.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import { SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import type { SignalListener } from "../../link/transactions/signals.ts";
import type { LinkStore } from "../../link/store/store.ts";
import { interleave } from "../../link/store/testing/interleave.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { postgresTest } from "../support/postgres.ts";
import { cuttable, Stall } from "./cut_store.ts";
import { Bench, lasting, object } from "./harness.ts";

// Two SuperLinks on one store. The clock stands still unless a test moves it, so a held call that ends was woken.

/** Two SuperLinks on one store, of which the first can be killed. */
interface Twins {
  readonly a: Bench;
  readonly b: Bench;
  /** From now on, the SuperLinks do not wake each other. Returns what ends that, as a connection that comes back. */
  deafen(): () => void;
  /** Hold up the transactions of each SuperLink. */
  readonly stalls: readonly [Stall, Stall];
  /** From now on, the first SuperLink cannot reach the store. */
  kill(): void;
  /** It can again. */
  revive(): void;
}

function twinTest(
  name: string,
  body: (twins: Twins) => Promise<void>,
  limits: Partial<LinkLimits> = {},
): void {
  Deno.test(`${name} (memory)`, () => withTwins(shared(new MemoryStore()), limits, body));
  Deno.test(`${name} (SQLite)`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await withTwins(shared(new SqliteStore(`${folder}/link.db`)), limits, body);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
  postgresTest(`${name} (PostgreSQL)`, async (target) => {
    const stores = [await PostgresStore.open(target), await PostgresStore.open(target)] as const;
    await withTwins(stores, limits, body);
  });
}

/** Lets time pass in which the transactions of both may wait. */
async function passStalled({ clock }: Bench, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1);
    await settle();
  }
}

/** A store that is shared within this process. */
function shared(store: LinkStore): [LinkStore, LinkStore] {
  const both = interleave(store);
  return [both, both];
}

async function withTwins(
  stores: readonly [LinkStore, LinkStore],
  limits: Partial<LinkLimits>,
  body: (twins: Twins) => Promise<void>,
): Promise<void> {
  const [store, other] = stores.map((store) => lasting(store).open());
  let [isDead, isDeaf] = [false, false];
  const listeners: SignalListener[] = [];
  const deafen = () => {
    isDeaf = true;
    return () => {
      isDeaf = false;
      for (const listener of listeners) listener.lost();
    };
  };
  const stalls = [new Stall(), new Stall()] as const;
  const reached = (store: LinkStore, stall: Stall, isCutOff: () => boolean) =>
    cuttable(store, {
      isCutOff,
      stall,
      isDeaf: () => isDeaf,
      onListener: (listener) => listeners.push(listener),
    });
  const { relookSeconds, serverLeaseSeconds, stallSeconds } = DEFAULT_LINK_LIMITS;
  const all = { relookSeconds, serverLeaseSeconds, stallSeconds, ...limits };
  const a = new Bench({ open: () => reached(store!, stalls[0], () => isDead) }, all);
  const b = new Bench({ open: () => reached(other!, stalls[1], () => false) }, all, a);
  await a.start();
  await b.join(a);
  try {
    await body({
      a,
      b,
      kill: () => isDead = true,
      revive: () => isDead = false,
      deafen,
      stalls,
    });
  } finally {
    for (const stall of stalls) stall.end();
    await a.link.close();
    await b.link.close();
    for (const store of stores) await store.close();
  }
}

twinTest("a SuperLink that starts takes nothing back from one that is alive", async ({ a, b }) => {
  const nodeId = await a.node(1000);
  const pushed = await a.push(nodeId);
  await a.link.messages.pullInstruction(nodeId);
  await b.restart();
  assert.equal(await b.link.messages.pullInstruction(nodeId), undefined);
  assert.deepEqual(b.eventsOf("instruction-requeued"), []);
  // Nor later, while both are alive.
  const other = await a.node(1000);
  await b.push(other);
  await b.link.messages.pullInstruction(other);
  for (let minute = 0; minute < 3; minute++) await b.pass(60, 12);
  assert.equal(await b.link.messages.pullInstruction(nodeId), undefined);
  assert.equal(await a.link.messages.pullInstruction(other), undefined);
  // The twin of before its restart.
  const ended = [...a.eventsOf("superlink-ended"), ...b.eventsOf("superlink-ended")];
  assert.equal(ended.length, 1);
  assert.equal((await a.answer(pushed)).replyToMessageId, pushed.messageId);
});

twinTest("a pull held at one is answered by a push at the other", async ({ a, b }) => {
  const nodeId = await a.node(1000);
  const held = a.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  await settle();
  const pushed = await b.push(nodeId);
  assert.equal((await held)?.messageId, pushed.messageId);
});

twinTest("a reply at one is found at the other, which had looked before", async ({ a, b }) => {
  const nodeId = await a.node(1000);
  const [first, second] = [await a.push(nodeId), await a.push(nodeId)];
  await a.link.messages.pullInstruction(nodeId);
  await a.link.messages.pullInstruction(nodeId);
  const ask = (messageId: string, holdSeconds: number) =>
    b.link.messages.pullReplies([messageId], { runId: b.runId, holdSeconds });
  assert.deepEqual(await ask(first.messageId, 0), []);
  await a.answer(first);
  assert.equal((await ask(first.messageId, 0)).length, 1);
  assert.deepEqual(await ask(second.messageId, 0), []);
  const held = ask(second.messageId, 20);
  await settle();
  await a.answer(second);
  assert.equal((await held).length, 1);
});

twinTest("a wake-up that is lost costs five seconds", async ({ a, b, deafen }) => {
  const nodeId = await a.node(1000);
  deafen();
  const held = a.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  await settle();
  const pushed = await b.push(nodeId);
  await a.pass(5, 5);
  assert.equal((await held)?.messageId, pushed.messageId);
  const ask = (holdSeconds: number) =>
    b.link.messages.pullReplies([pushed.messageId], { runId: b.runId, holdSeconds });
  assert.deepEqual(await ask(0), []);
  const reply = ask(20);
  await settle();
  await a.answer(pushed);
  await a.pass(5, 5);
  assert.equal((await reply).length, 1);
});

twinTest("held calls look when the connection for wake-ups is back", async ({ a, b, deafen }) => {
  const nodeId = await a.node(1000);
  const [first, second] = [await a.push(nodeId), await a.push(nodeId)];
  await a.link.messages.pullInstruction(nodeId);
  await a.link.messages.pullInstruction(nodeId);
  const hear = deafen();
  const pull = a.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  const reply = b.link.messages.pullReplies([first.messageId], { holdSeconds: 20 });
  await settle();
  const third = await b.push(nodeId);
  await a.answer(first);
  hear();
  assert.equal((await pull)?.messageId, third.messageId);
  assert.equal((await reply).length, 1);
  await b.answer(second);
});

twinTest("the object of an error of one is found at the other", async ({ a, b }) => {
  const { runId } = a;
  const [error] = await b.link.messages.pullReplies(["unknown"], { runId });
  const caller = { nodeId: SUPERLINK_NODE_ID, runId };
  assert.equal((await a.link.objects.pull(caller, error!.messageId)).found, true);
  assert.deepEqual([...await a.link.objects.treeOf(error!.messageId)], [[error!.messageId, []]]);
  const stranger = { ...caller, runId: runId + 1n };
  assert.equal((await a.link.objects.pull(stranger, error!.messageId)).found, false);
  await a.pass(61);
  assert.equal((await a.link.objects.pull(caller, error!.messageId)).found, false);
});

twinTest(
  "a process that is replaced at the other SuperLink gets nothing more",
  async ({ a, b }) => {
    const key = new Uint8Array([7]);
    const nodeId = await a.node(1000, key);
    const replaced = a.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
    await a.quiet();
    await b.link.nodes.create({ publicKey: key, heartbeatInterval: 1000, session: "new" });
    assert.equal((await a.link.nodes.ofKey(key))?.session, "new");
    const pushed = await b.push(nodeId);
    assert.equal(await replaced, undefined);
    const { messageId } = (await b.link.messages.pullInstruction(nodeId))!;
    assert.equal(messageId, pushed.messageId);
  },
);

twinTest("what a SuperLink had handed out is taken back after its end", async ({ a, b, kill }) => {
  const nodeId = await a.node(1000);
  const pushed = await a.push(nodeId);
  await a.link.messages.pullInstruction(nodeId);
  kill();
  await b.pass(10, 10);
  assert.equal(await b.link.messages.pullInstruction(nodeId), undefined, "its lease lasts");
  await b.pass(20, 10);
  assert.equal((await b.link.messages.pullInstruction(nodeId))?.messageId, pushed.messageId);
  assert.deepEqual(b.eventsOf("instruction-requeued").map(({ cause }) => cause), [
    "superlink-ended",
  ]);
  assert.equal(b.eventsOf("superlink-ended").length, 1);
});

twinTest("a store that failed for a moment does not delay that", async (twins) => {
  const { a, b, stalls, kill, revive } = twins;
  const nodeId = await b.node(1000);
  const pushed = await b.push(nodeId);
  await b.link.messages.pullInstruction(nodeId);
  stalls[1].begin();
  kill();
  await a.pass(1);
  await assert.rejects(a.link.nodes.heartbeat(nodeId, 10), { code: "unavailable" });
  revive();
  await a.pass(26, 26);
  assert.equal((await a.link.messages.pullInstruction(nodeId))?.messageId, pushed.messageId);
}, { taskTimeoutSeconds: 1000 });

/** A run whose ServerApp a SuperLink runs, which has sent an instruction: it could not be started again. */
async function runBeside(bench: Bench, nodeId: bigint): Promise<bigint> {
  const fab = { hash: "fab", content: new Uint8Array([1]) };
  const { runId } = await bench.link.runs.create({ fabId: "me/app", fabVersion: "1.0.0", fab });
  const { token } = (await bench.link.runs.claim({ runId, isBeside: true }))!;
  await bench.link.runs.begin(token);
  await bench.push(nodeId, { runId });
  return runId;
}

for (const seconds of [11, 17]) {
  twinTest(`a store that stalls for ${seconds} s ends no SuperLink`, async ({ a, b, stalls }) => {
    const nodeId = await a.node(1000);
    const runs = [await runBeside(a, nodeId), await runBeside(b, nodeId)];
    const other = await a.node(1000);
    const pushed = await b.push(other);
    await b.link.messages.pullInstruction(other);
    const benches = [a, b] as const;
    for (const [first, second] of [[0, 1], [1, 0]] as const) {
      // The first one has just extended its lease, and the other one long ago.
      stalls[second].begin();
      await benches[first].pass(4.9, 1);
      stalls[first].begin();
      await passStalled(a, seconds);
      stalls[first].end();
      await benches[first].pass(0.1, 1);
      stalls[second].end();
      await a.pass(60, 60);
    }
    const states = await Promise.all(runs.map((runId) => a.link.runs.get(runId)));
    assert.deepEqual(states.map((run) => run?.state), ["running", "running"]);
    const ended = [...a.eventsOf("superlink-ended"), ...b.eventsOf("superlink-ended")];
    assert.equal(ended.length, 0);
    assert.equal((await a.answer(pushed)).replyToMessageId, pushed.messageId);
  }, { taskTimeoutSeconds: 1000 });
}

twinTest("a store that stalls takes no node and no run for dead", async ({ a, b, stalls }) => {
  const nodeId = await b.node(10);
  for (const stall of stalls) stall.begin();
  const heartbeat = b.link.nodes.heartbeat(nodeId, 10);
  await passStalled(a, 12);
  stalls[0].end();
  await a.pass(0.1, 1);
  stalls[1].end();
  assert.equal(await heartbeat, true);
  const offline = [...a.eventsOf("node-offline"), ...b.eventsOf("node-offline")];
  assert.equal(offline.length, 0);
  await a.pass(120, 120);
  assert.equal(a.eventsOf("node-offline").length, 1);
});

twinTest("the time in which no SuperLink was up does not count", async ({ a, b, kill }) => {
  await a.node(10);
  // One ends, and the other one crashes: its lease lasts while nobody is there.
  await b.link.close();
  kill();
  await a.pass(9);
  await b.restart();
  await b.pass(20, 20);
  assert.equal(b.eventsOf("node-offline").length, 0);
  await b.pass(60, 60);
  assert.equal(b.eventsOf("node-offline").length, 1);
});

twinTest("each call extends the lease, as its turn may come earlier", async ({ a, b, stalls }) => {
  const nodeId = await a.node(1000);
  const runId = await runBeside(b, nodeId);
  stalls[1].begin();
  const calls = Array.from({ length: 3 }, () => b.link.nodes.heartbeat(nodeId, 1000));
  for (const call of calls) {
    await a.pass(10, 10);
    stalls[1].end(1);
    assert.equal(await call, true);
  }
  await a.pass(10, 10);
  stalls[1].end();
  await a.pass(20, 20);
  assert.equal((await a.link.runs.get(runId))?.state, "running");
}, { taskTimeoutSeconds: 1000 });

twinTest("after an outage of the store, the first to come back waits for others", async (twins) => {
  const { a, b, kill, revive } = twins;
  const nodeId = await a.node(1000);
  await a.push(nodeId);
  await a.link.messages.pullInstruction(nodeId);
  await b.link.close();
  kill();
  await a.pass(20, 20);
  revive();
  await b.restart();
  assert.equal(await b.link.messages.pullInstruction(nodeId), undefined);
  await b.pass(30, 30);
  assert.equal(await b.link.messages.pullInstruction(nodeId), undefined, "it is back");
  // Without it, what it had is taken back after as long as a lease.
  await b.link.close();
  kill();
  await a.pass(20, 20);
  await b.restart();
  assert.equal(await b.link.messages.pullInstruction(nodeId), undefined);
  await b.pass(30, 30);
  assert.notEqual(await b.link.messages.pullInstruction(nodeId), undefined);
});

twinTest("a SuperLink that is stopped hands over at once", async ({ a, b }) => {
  const nodeId = await a.node(1000);
  const pushed = await a.push(nodeId);
  await a.link.messages.pullInstruction(nodeId);
  const held = b.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  await settle();
  await a.link.close();
  assert.equal((await held)?.messageId, pushed.messageId);
});

twinTest("the runs beside a SuperLink are interrupted after its end", async ({ a, b, kill }) => {
  const fab = { hash: "fab", content: new Uint8Array([1]) };
  const submit = () => a.link.runs.create({ fabId: "me/app", fabVersion: "1.0.0", fab });
  const [beside, elsewhere] = [await submit(), await submit()];
  const tokens = [];
  for (const [{ runId }, isBeside] of [[beside, true], [elsewhere, false]] as const) {
    const { token } = (await a.link.runs.claim({ runId, isBeside }))!;
    await a.link.runs.begin(token);
    tokens.push(token);
  }
  const states = async () => [
    (await b.link.runs.get(beside.runId))?.state,
    (await b.link.runs.get(elsewhere.runId))?.state,
  ];
  kill();
  await b.pass(30, 10);
  assert.deepEqual(await states(), ["pending", "running"]);
  assert.equal(await b.link.runs.heartbeat(tokens[0]!), false);
  assert.equal(await b.link.runs.heartbeat(tokens[1]!), true);
});

twinTest("one SuperLink does the housekeeping, and another one after its end", async (twins) => {
  const { a, b, kill } = twins;
  await b.pass(1);
  // The other one hears of it first, and would be first to act.
  await b.node(2);
  await b.pass(10, 20);
  const offline = () => [a, b].map((each) => each.eventsOf("node-offline").length);
  assert.deepEqual(offline(), [1, 0]);
  await b.node(30);
  kill();
  await b.pass(60, 12);
  assert.deepEqual(offline(), [1, 1]);
});

twinTest("a pending run is claimed by one SuperLink, which was woken", async ({ a, b }) => {
  const claims = [a, b].map((each) => each.link.runs.claim({ holdSeconds: 20 }));
  await settle();
  const fab = { hash: "fab", content: new Uint8Array([1]) };
  const { runId } = await a.link.runs.create({ fabId: "me/app", fabVersion: "1.0.0", fab });
  assert.equal((await Promise.race(claims))?.run.runId, runId);
  await b.pass(20, 20);
  const claimed = (await Promise.all(claims)).filter((claim) => claim !== undefined);
  assert.equal(claimed.length, 1);
});

twinTest("a run is judged by its replies at all SuperLinks", async ({ a, b }) => {
  const fab = { hash: "fab", content: new Uint8Array([1]) };
  const { runId } = await a.link.runs.create({ fabId: "me/app", fabVersion: "1.0.0", fab });
  const { token } = (await a.link.runs.claim({ runId }))!;
  await a.link.runs.begin(token);
  const nodeId = await a.node(1000);
  for (const [bench, isError] of [[a, true], [b, false]] as const) {
    const instruction = await bench.push(nodeId, { runId });
    await bench.link.messages.pullInstruction(nodeId);
    if (!isError) await bench.answer(instruction);
    else {
      const { content: _, ...fields } = bench.reply(instruction);
      const reply = { ...fields, error: { code: 2, reason: "no" } };
      assert.equal(await bench.refusalOf(reply, []), undefined);
    }
  }
  await a.link.runs.finish(token, { outcome: "completed", details: "" });
  assert.equal((await b.link.runs.get(runId))?.state, "finished:completed");
});

twinTest("the bytes of open pushes count at all SuperLinks", async ({ a, b }) => {
  const nodeId = await a.node(1000);
  const reply = async (bench: Bench) => {
    const instruction = await a.push(nodeId);
    await a.link.messages.pullInstruction(nodeId);
    const message = { ...bench.reply(instruction), content: `content ${bench === a}` };
    const large = { ...object(message.content), bytes: new Uint8Array(60) };
    const { sessionId } = await bench.link.messages.openPush({
      nodeId,
      runId: a.runId,
      messages: [message],
      trees: [new Map([[message.messageId, [large.id]], [large.id, []]])],
    });
    return bench.link.messages.putObject({ nodeId, runId: a.runId, sessionId }, large);
  };
  assert.equal(await reply(a), true);
  await assert.rejects(reply(b), { code: "resource-exhausted" });
}, { maxOpenPushBytes: 100 });

twinTest("a run shows whether its ServerApp runs on another SuperLink", async ({ a, b }) => {
  const fab = { hash: "fab", content: new Uint8Array([1]) };
  const submit = () => a.link.runs.create({ fabId: "me/app", fabVersion: "1.0.0", fab });
  const [beside, elsewhere] = [await submit(), await submit()];
  const seen = async ({ runId }: { runId: bigint }) =>
    await Promise.all(
      [a, b].map(async ({ link }) => (await link.runs.get(runId))?.isElsewhere ?? false),
    );
  assert.deepEqual(await seen(beside), [false, false], "nobody has claimed it");
  const { token } = (await a.link.runs.claim({ runId: beside.runId, isBeside: true }))!;
  assert.deepEqual(await seen(beside), [false, true]);
  await a.link.runs.begin(token);
  assert.deepEqual(await seen(beside), [false, true]);
  await a.link.runs.finish(token, { outcome: "failed", details: "" });
  assert.deepEqual(await seen(beside), [false, false]);
  // The ServerApp of a SuperExec may be anywhere.
  await a.link.runs.claim({ runId: elsewhere.runId });
  assert.deepEqual(await seen(elsewhere), [false, false]);
});

twinTest("what one sent for a run that ended at the other is counted", async ({ a, b }) => {
  const fab = { hash: "fab", content: new Uint8Array([1]) };
  const { runId } = await a.link.runs.create({ fabId: "me/app", fabVersion: "1.0.0", fab });
  const { token } = (await a.link.runs.claim({ runId }))!;
  await a.link.runs.begin(token);
  const nodeId = await a.node(1000);
  const instruction = await a.push(nodeId, { runId });
  assert.deepEqual(await b.link.messages.unanswered(), [{ runId, count: 1 }]);
  await a.link.messages.pullInstruction(nodeId);
  const bytesSent = async () => (await b.link.runs.get(runId))!.bytesSent;
  const before = await bytesSent();
  const caller = { nodeId, runId };
  assert.equal((await a.link.objects.pull(caller, instruction.messageId)).found, true);
  await b.link.runs.stop(runId);
  assert.equal(await bytesSent(), before);
  await a.pass(60, 20);
  assert.ok(await bytesSent() > before);
  for (const { link } of [a, b]) assert.deepEqual(await link.messages.unanswered(), []);
});
