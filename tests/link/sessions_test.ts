import assert from "node:assert/strict";
import { DEFAULT_LINK_LIMITS } from "../../link/limits.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { interleave } from "../../link/store/testing/interleave.ts";
import type { Sessions } from "../../link/transactions/sessions.ts";
import { cuttable } from "./cut_store.ts";
import { Bench, lasting } from "./harness.ts";

// Two SuperLinks on one store whose server tells which of them have a session. A process that is killed loses its
// session at once, and its lease lasts for 15 s more.

interface Twins {
  readonly a: Bench;
  readonly b: Bench;
  /** Whether the first SuperLink has a session, and whether it reaches the store. */
  readonly first: { hasSession: boolean; reaches: boolean };
}

async function withTwins(body: (twins: Twins) => Promise<void>): Promise<void> {
  const store = lasting(interleave(new MemoryStore())).open();
  const first = { hasSession: true, reaches: true };
  const present = new Map<bigint, () => boolean>();
  const sessions = (hasSession: () => boolean): Sessions => {
    const own = {};
    return {
      announce: (serverId) => void present.set(serverId, hasSession),
      look() {
        const ids = [...present].filter(([, hasSession]) => hasSession()).map(([id]) => id);
        return Promise.resolve({ own, serverIds: new Set(ids) });
      },
    };
  };
  const { relookSeconds, serverLeaseSeconds, stallSeconds } = DEFAULT_LINK_LIMITS;
  const limits = { relookSeconds, serverLeaseSeconds, stallSeconds, taskTimeoutSeconds: 1000 };
  const open = (reaches: () => boolean, hasSession: () => boolean) => () => ({
    ...cuttable(store, { isCutOff: () => !reaches(), isDeaf: () => false }),
    sessions: sessions(hasSession),
  });
  const a = new Bench({ open: open(() => first.reaches, () => first.hasSession) }, limits);
  const b = new Bench({ open: open(() => true, () => true) }, limits, a);
  await a.start();
  await b.join(a);
  try {
    await b.pass(20, 40);
    await body({ a, b, first });
  } finally {
    await a.link.close();
    await b.link.close();
  }
}

/** A run whose ServerApp a SuperLink runs. */
async function runBeside({ link }: Bench): Promise<{ runId: bigint; token: string }> {
  const fab = { hash: "fab", content: new Uint8Array([1]) };
  const { runId } = await link.runs.create({ fabId: "me/app", fabVersion: "1.0.0", fab });
  const { token } = (await link.runs.claim({ runId, isBeside: true }))!;
  await link.runs.begin(token);
  return { runId, token };
}

const shownBy = (bench: Bench) => bench.eventsOf("superlink-ended").map(({ shownBy }) => shownBy);

Deno.test("a killed SuperLink's runs go on before its lease has ended", async () => {
  await withTwins(async ({ a, b, first }) => {
    const { runId, token } = await runBeside(a);
    const nodeId = await a.node(1000);
    const pushed = await a.push(nodeId);
    await a.link.messages.pullInstruction(nodeId);
    await b.pass(2, 4);
    Object.assign(first, { hasSession: false, reaches: false });
    await b.pass(2, 4);
    assert.equal((await b.link.runs.get(runId))?.state, "running");
    await b.pass(7, 14);
    assert.deepEqual(shownBy(b), ["session"]);
    const claimed = await b.link.runs.claim({ runId, isBeside: true });
    assert.notEqual(claimed, undefined);
    assert.equal((await b.link.messages.pullInstruction(nodeId))?.messageId, pushed.messageId);
    // It only stood still, and wakes up: nothing of the run's former process counts.
    Object.assign(first, { hasSession: true, reaches: true });
    assert.equal(await a.link.runs.heartbeat(token), false);
    await b.link.runs.begin(claimed!.token);
    await a.pass(60, 60);
    assert.equal((await b.link.runs.get(runId))?.state, "running");
    assert.equal(await b.link.runs.heartbeat(claimed!.token), true);
    assert.deepEqual([...shownBy(a), ...shownBy(b)], ["session"]);
  });
});

Deno.test("a run that cannot continue gets the rest of the lease", async () => {
  await withTwins(async ({ a, b, first }) => {
    const { runId } = await runBeside(a);
    await a.push(await a.node(1000), { runId });
    await b.pass(2, 4);
    Object.assign(first, { hasSession: false, reaches: false });
    await b.pass(8, 16);
    assert.equal((await b.link.runs.get(runId))?.state, "running");
    await b.pass(22, 44);
    assert.equal((await b.link.runs.get(runId))?.state, "finished:failed");
    assert.deepEqual(shownBy(b), ["lease"]);
  });
});

Deno.test("a SuperLink that only has lost its session goes on", async () => {
  await withTwins(async ({ a, b, first }) => {
    const { runId, token } = await runBeside(a);
    first.hasSession = false;
    await b.pass(60, 120);
    assert.equal(await a.link.runs.heartbeat(token), true);
    assert.equal((await b.link.runs.get(runId))?.state, "running");
    assert.deepEqual([...shownBy(a), ...shownBy(b)], []);
  });
});

Deno.test("a SuperLink that only was late with its lease goes on", async () => {
  await withTwins(async ({ a, b, first }) => {
    const { runId, token } = await runBeside(a);
    first.reaches = false;
    await b.pass(13, 26);
    first.reaches = true;
    await b.pass(20, 40);
    assert.equal(await a.link.runs.heartbeat(token), true);
    assert.equal((await b.link.runs.get(runId))?.state, "running");
    assert.deepEqual([...shownBy(a), ...shownBy(b)], []);
  });
});
