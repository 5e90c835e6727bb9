import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../link/store/sqlite/schema.ts";
import { SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import { Bench, object, UPDATE, UPDATE_OBJECTS } from "./harness.ts";

/** A database of the first release: a reply, and instructions that are handed out, waiting and undeliverable. */
const ROWS = new URL("../vectors/link/version1.sql", import.meta.url);
const RUN_ID = 10488929293965556519n;
const NODE_ID = 16406422331455568645n;
const KEY = new Uint8Array([1]);
const ANSWERED = "562235e3-dbe0-4002-80cc-56cec62ba268";
const HANDED_OUT = "9c5c790d-7421-41f6-847b-3839bbae902e";
const WAITING = "ab3823df-9959-4a61-87ef-63a10dab7ee7";
const HOPELESS = "623e5a07-eb6f-4f99-b6a3-0f5197c02fa1";

/** Registers a test with a database of schema version 1, opened ten seconds after it was closed. */
function migrationTest(name: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/link.db`;
    try {
      const old = new DatabaseSync(path);
      old.exec(`${MIGRATIONS[0]}; ${await Deno.readTextFile(ROWS)}
        PRAGMA application_id = ${0x464c5752}; PRAGMA user_version = 1`);
      old.close();
      const bench = new Bench({ open: () => new SqliteStore(path) }, {});
      await bench.clock.advance(20);
      await bench.start();
      bench.runId = RUN_ID;
      try {
        await body(bench);
      } finally {
        await bench.link.close();
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

migrationTest("nodes and runs of the first release are kept", async ({ link }) => {
  const { publicKey: _, ...node } = (await link.nodes.ofKey(KEY))!;
  assert.deepEqual(node, {
    nodeId: NODE_ID,
    state: "online",
    onlineUntil: 1_800_000_050,
    heartbeatInterval: 30,
    registeredBy: "self",
    registeredAt: 1_800_000_010,
    activatedAt: 1_800_000_010,
    wire: "current",
  });
  const left = (await link.nodes.ofKey(new Uint8Array([2])))!;
  assert.deepEqual([left.state, left.deactivatedAt], ["left", 1_800_000_010]);
  assert.equal((await link.nodes.online()).length, 2);
  const { seriesId, taskId, ...run } = (await link.runs.get(RUN_ID))!;
  assert.notEqual(seriesId, 0n);
  assert.notEqual(taskId, 0n);
  assert.deepEqual(run, {
    runId: RUN_ID,
    fabId: "flwr/app",
    fabVersion: "1.0",
    fabHash: "",
    overrideConfig: {},
    federation: "@none/default",
    state: "running",
    details: "",
    pendingAt: 1_800_000_010,
    startingAt: 1_800_000_010,
    runningAt: 1_800_000_010,
    bytesSent: 0,
    bytesReceived: 0,
    clientAppSeconds: 0,
  });
  const [newest, oldest] = await link.runs.list({ limit: 5, skip: 0 });
  assert.notEqual(newest?.runId, RUN_ID);
  assert.equal(oldest?.runId, RUN_ID);
});

migrationTest("unfinished messages continue and leave nothing behind", async (bench) => {
  const { link } = bench;
  for (const id of [HANDED_OUT, WAITING]) {
    const instruction = (await link.messages.pullInstruction(NODE_ID))!;
    assert.equal(instruction.messageId, id);
    assert.deepEqual((await bench.stored("model")).at(-1), {
      ...object("model"),
      children: ["weights", "layer"],
    });
    const reply = bench.reply(instruction);
    assert.equal(await bench.refusalOf(reply, UPDATE_OBJECTS), undefined);
  }
  const replies = await link.messages.pullReplies([ANSWERED, HANDED_OUT, WAITING]);
  assert.deepEqual(replies.map(({ content }) => content), [UPDATE.id, UPDATE.id, UPDATE.id]);
  assert.equal((await link.messages.pullReplies([HOPELESS]))[0]?.error?.code, 5);
  assert.deepEqual(await bench.stored(UPDATE.id), UPDATE_OBJECTS);
  await bench.pass(100);
  const { instructions, replies: left, objects } = await bench.store.usage();
  assert.deepEqual([instructions, left, objects], [0, 0, 0]);
});

migrationTest("unfinished messages end with their run", async (bench) => {
  await bench.link.runs.stop(RUN_ID);
  await bench.pass(1);
  const { instructions, replies, objects } = await bench.store.usage();
  assert.deepEqual([instructions, replies, objects], [0, 0, 0]);
});

migrationTest("an older run can save artifacts", async ({ link }) => {
  assert.deepEqual(await link.artifacts.list(RUN_ID), []);
  const bytes = new Uint8Array([1, 2, 3]);
  assert.equal(
    await link.artifacts.putPiece(RUN_ID, { name: "m", size: 3, offset: 0, bytes }),
    true,
  );
  const [artifact] = await link.artifacts.list(RUN_ID);
  assert.deepEqual(await link.artifacts.readPiece(artifact!.artifactId, 0), bytes);
});

migrationTest("a run of before needs no heartbeats", async (bench) => {
  const state = async () => (await bench.link.runs.get(RUN_ID))?.state;
  await bench.pass(29 * 86_400);
  assert.equal(await state(), "running");
  // It was not missed, and so has not failed.
  await bench.pass(10 * 86_400);
  assert.equal(await state(), "finished:stopped");
});
