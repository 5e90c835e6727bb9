/** Backups of databases in both engines, and the checks that find damage. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import { SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import type { LinkStore } from "../../link/store/store.ts";
import type { PostgresTarget } from "../../link/store/postgres/target.ts";
import { backup, check, restore } from "../../roles/superlink/database_command.ts";
import { asOwner, postgresTest } from "../support/postgres.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";
import { Bench, MODEL_OBJECTS } from "./harness.ts";
import { wholePush } from "./push_complete.ts";

/** Fills a store with all kinds of records, and closes it. */
async function fill(open: () => LinkStore | Promise<LinkStore>): Promise<bigint> {
  const bench = new Bench({ open }, {});
  await bench.start();
  const { link, runId } = bench;
  const nodeId = await bench.node(1000, new Uint8Array([4, 0, 255]));
  const answered = await bench.push(nodeId);
  await link.messages.pullInstruction(nodeId);
  await bench.answer(answered);
  await bench.push(nodeId, { groupId: "a\0b" });
  // An open push.
  const { inlineObjects: _, ...bare } = wholePush([bench.instruction(nodeId)], MODEL_OBJECTS);
  await link.messages.openPush({ ...bare, trees: [new Map([["late", []]])] }).catch(() => {});
  await link.runs.appendLog(runId, ["a line\n", "and half of one"]);
  await bench.store.signers.note(new Map([["peer", 1.5]]), 0);
  await bench.store.settings.write("name", "text");
  await link.close();
  return nodeId;
}

/** Continues with a restored store: the node gets its second instruction. */
async function goOn(open: () => LinkStore | Promise<LinkStore>, nodeId: bigint): Promise<void> {
  const bench = new Bench({ open }, {});
  await bench.start();
  const instruction = await bench.link.messages.pullInstruction(nodeId);
  assert.equal(instruction?.groupId, "a\0b");
  await bench.answer(instruction!);
  // New rows have new numbers.
  await bench.push(nodeId);
  assert.equal(await bench.store.settings.read("name"), "text");
  await bench.link.close();
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads all rows of a SQLite file, for comparison. */
function contents(file: string): unknown {
  const database = new DatabaseSync(file, { readOnly: true });
  const tables = database.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  ).all();
  const rows = tables.map(({ name }) => {
    const statement = database.prepare(`SELECT * FROM ${name}`);
    statement.setReadBigInts(true);
    return [name, statement.all().map((row) => Deno.inspect(row)).sort()];
  });
  database.close();
  return rows;
}

function urlOf(target: PostgresTarget): string {
  return `postgres://${target.user}@${target.host}:${target.port}/${target.database}`;
}

/** A database of the test's own, because the commands know no schemas. */
async function withDatabase(
  target: PostgresTarget,
  body: (target: PostgresTarget) => Promise<void>,
): Promise<void> {
  const database = `backup_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOwner(target, `CREATE DATABASE ${database}`);
  try {
    const { schema: _, ...own } = { ...target, database };
    await body(own);
  } finally {
    await asOwner(target, `DROP DATABASE ${database} WITH (FORCE)`);
  }
}

testWithAllRights(
  "a backup of a SQLite file has its rows, and a SuperLink goes on with it",
  async () => {
    await withFolder(async (folder) => {
      const [original, copy, restored] = ["a.db", "b.db", "c.db"].map((name) =>
        `${folder}/${name}`
      );
      const nodeId = await fill(() => new SqliteStore(original!));
      assert.deepEqual(await check(original!, {}), []);
      const rows = await backup(original!, copy!, {});
      assert.ok(rows > 20, `${rows} rows`);
      assert.deepEqual(contents(copy!), contents(original!));
      assert.equal(await restore(copy!, restored!, {}), rows);
      assert.deepEqual(contents(restored!), contents(original!));
      await goOn(() => new SqliteStore(restored!), nodeId);
    });
  },
);

postgresTest("a SuperLink moves from SQLite to PostgreSQL and back by a backup", async (target) => {
  await withFolder((folder) =>
    withDatabase(target, async (target) => {
      const [original, copy] = ["a.db", "b.db"].map((name) => `${folder}/${name}`);
      const nodeId = await fill(() => new SqliteStore(original!));
      const url = urlOf(target);
      const rows = await restore(original!, url, {});
      assert.deepEqual(await check(url, {}), []);
      assert.equal(await backup(url, copy!, {}), rows);
      assert.deepEqual(contents(copy!), contents(original!));
      await goOn(() => PostgresStore.open(target), nodeId);
      assert.deepEqual(await check(url, {}), []);
      await assert.rejects(restore(copy!, url, {}), { code: "failed-precondition" });
    })
  );
});

testWithAllRights("a backup replaces no file, and needs a database that exists", async () => {
  await withFolder(async (folder) => {
    const [original, copy] = [`${folder}/a.db`, `${folder}/b.db`];
    await assert.rejects(backup(original, copy, {}), { code: "not-found" });
    await fill(() => new SqliteStore(original));
    await Deno.writeTextFile(copy, "mine");
    await assert.rejects(backup(original, copy, {}), { code: "already-exists" });
    assert.equal(await Deno.readTextFile(copy), "mine");
    await assert.rejects(check(":memory:", {}), { code: "invalid-argument" });
  });
});

testWithAllRights("contradictions are found", async () => {
  const damages = [
    "DELETE FROM object_bytes WHERE object_id = 'layer'",
    "UPDATE object SET refs = refs - 1 WHERE object_id = 'layer'",
    "UPDATE object SET waits = 1 WHERE object_id = 'layer'",
    "DELETE FROM object WHERE object_id LIKE 'reply%'",
    "DELETE FROM object WHERE object_id LIKE 'instruction%'",
  ];
  for (const damage of damages) {
    await withFolder(async (folder) => {
      const file = `${folder}/a.db`;
      await fill(() => new SqliteStore(file));
      const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
      database.exec(damage);
      database.close();
      assert.ok((await check(file, {})).length > 0, damage);
    });
  }
});
