/** Backups of databases in both engines, and the checks that find damage. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import {
  MIGRATIONS as POSTGRES_MIGRATIONS,
  OLDEST_VERSIONS,
  SQLITE_VERSIONS,
} from "../../link/store/postgres/schema.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../link/store/sqlite/schema.ts";
import { SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import type { LinkStore } from "../../link/store/store.ts";
import type { PostgresTarget } from "../../link/store/postgres/target.ts";
import { backup, check, restore } from "../../roles/superlink/database_command.ts";
import { asOwner, postgresTest, queryAsOwner } from "../support/postgres.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";
import { sha256Hex } from "../../base/platform.ts";
import type { LinkObject } from "../../entities/object.ts";
import { FolderStore } from "../../link/store/objects/folder_store.ts";
import { Bench, MODEL_OBJECTS, object } from "./harness.ts";
import { wholePush } from "./push_complete.ts";

/** Size of a page of SQLite, in bytes. */
const PAGE_BYTES = 4096;

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

/** Creates a database of an earlier version with one node, as its SuperLink would leave it. */
function makeOld(file: string, version: number): void {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL");
  for (const step of MIGRATIONS.slice(0, version)) database.exec(step);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version}`);
  const columns = (database.prepare("PRAGMA table_info(node)").all() as unknown as {
    name: string;
    type: string;
    notnull: number;
  }[]).filter(({ notnull, name }) => notnull > 0 && name !== "node_id");
  const values: Readonly<Record<string, string>> = { TEXT: "'offline'", BLOB: "x'00'" };
  database.exec(
    `INSERT INTO node (node_id, ${columns.map(({ name }) => name)})
       VALUES (7, ${columns.map(({ type }) => values[type] ?? "1")})`,
  );
  database.close();
}

const versionOf = (file: string) => {
  const database = new DatabaseSync(file, { readOnly: true });
  const { user_version } = database.prepare("PRAGMA user_version").get() as Record<string, number>;
  database.close();
  return user_version;
};

testWithAllRights(
  "backups of every earlier version are copies, and are migrated when restored",
  async () => {
    for (let version = 1; version < MIGRATIONS.length; version++) {
      await withFolder(async (folder) => {
        const [original, copy, restored] = ["a.db", "b.db", "c.db"].map((name) =>
          `${folder}/${name}`
        ) as [string, string, string];
        makeOld(original, version);
        const before = await Deno.readFile(original);
        await assert.rejects(check(original, {}), { code: "failed-precondition" });
        assert.equal(await backup(original, copy, {}), 1, `version ${version}`);
        assert.deepEqual(await Deno.readFile(original), before);
        assert.equal(versionOf(copy), version);
        assert.deepEqual(contents(copy), contents(original));
        const copied = await Deno.readFile(copy);
        assert.equal(await restore(copy, restored, {}), 1);
        assert.deepEqual(await Deno.readFile(copy), copied);
        assert.equal(versionOf(restored), MIGRATIONS.length);
        assert.deepEqual(await check(restored, {}), []);
        // Only a new file is migrated.
        const empty = `${folder}/d.db`;
        await (new SqliteStore(empty)).close();
        await assert.rejects(restore(copy, empty, {}), { code: "failed-precondition" });
      });
    }
  },
);

testWithAllRights("check and backup change no byte, and refuse a database in use", async () => {
  await withFolder(async (folder) => {
    const [original, copy] = [`${folder}/a.db`, `${folder}/b.db`];
    await fill(() => new SqliteStore(original));
    const before = await Deno.readFile(original);
    await check(original, {});
    await backup(original, copy, {});
    assert.deepEqual(await Deno.readFile(original), before);
    const running = new SqliteStore(original);
    const inUse = { code: "failed-precondition", message: /in use/ };
    await assert.rejects(check(original, {}), inUse);
    await assert.rejects(backup(original, `${folder}/c.db`, {}), inUse);
    // What a killed SuperLink leaves: its last commits are only in the log.
    await running.settings.write("late", "text");
    await Deno.copyFile(original, `${folder}/killed.db`);
    await Deno.copyFile(`${original}-wal`, `${folder}/killed.db-wal`);
    await running.close();
    await backup(`${folder}/killed.db`, `${folder}/late.db`, {});
    assert.deepEqual(contents(`${folder}/late.db`), contents(original));
    await Deno.writeFile(`${folder}/empty.db`, new Uint8Array());
    await assert.rejects(check(`${folder}/empty.db`, {}), { code: "failed-precondition" });
    assert.equal((await Deno.stat(`${folder}/empty.db`)).size, 0);
  });
});

postgresTest(
  "check and backup create no tables, and copy those of an earlier version",
  async (target) => {
    await withFolder((folder) =>
      withDatabase(target, async (target) => {
        const url = urlOf(target);
        const tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
        await assert.rejects(check(url, {}), { code: "failed-precondition" });
        await assert.rejects(backup(url, `${folder}/a.db`, {}), { code: "failed-precondition" });
        assert.equal((await queryAsOwner(target, tables, [])).length, 0);
        assert.deepEqual([...Deno.readDirSync(folder)], []);
        await asOwner(
          target,
          `${POSTGRES_MIGRATIONS[0]};
         CREATE TABLE flwr_schema (version BIGINT); INSERT INTO flwr_schema VALUES (1);
         INSERT INTO signer VALUES ('peer', 1.5)`,
        );
        const before = await queryAsOwner(target, tables, []);
        await assert.rejects(check(url, {}), { code: "failed-precondition" });
        // A SuperLink of that version goes on.
        assert.equal(await backup(url, `${folder}/a.db`, {}), 1);
        assert.deepEqual(await queryAsOwner(target, tables, []), before);
        assert.equal(versionOf(`${folder}/a.db`), SQLITE_VERSIONS[0]);
      })
    );
  },
);

Deno.test("each schema of PostgreSQL has the tables of one of SQLite's", () => {
  assert.equal(SQLITE_VERSIONS.length, POSTGRES_MIGRATIONS.length);
  assert.equal(OLDEST_VERSIONS.length, POSTGRES_MIGRATIONS.length);
  assert.equal(SQLITE_VERSIONS.at(-1), MIGRATIONS.length);
});

testWithAllRights("contradictions are found", async () => {
  const damages = [
    "DELETE FROM object_bytes WHERE object_id = 'layer'",
    "UPDATE object SET refs = refs - 1 WHERE object_id = 'layer'",
    "UPDATE object SET waits = 1 WHERE object_id = 'layer'",
    "DELETE FROM object WHERE object_id LIKE 'reply%'",
    "DELETE FROM object WHERE object_id LIKE 'instruction%'",
    "INSERT INTO object_bytes (object_id, bytes) VALUES ('gone', x'00')",
    "INSERT INTO object_child (parent, position, child) VALUES ('gone', 0, 'nothing')",
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

testWithAllRights("objects in an object store are checked, and are not in a backup", async () => {
  await withFolder(async (folder) => {
    const [file, copy, objectStore] = [`${folder}/a.db`, `${folder}/b.db`, `${folder}/objects`];
    await Deno.mkdir(objectStore);
    const bench = new Bench({ open: () => new SqliteStore(file) }, {});
    bench.large = { store: new FolderStore(objectStore), from: 100 };
    await bench.start();
    const layers = [1, 2].map((nth): LinkObject => {
      const bytes = new Uint8Array(1000).fill(nth);
      return { id: sha256Hex(bytes), bytes, children: [] };
    });
    const model = object("model of layers", layers);
    const nodeId = await bench.node(1000);
    await bench.take(bench.instruction(nodeId, { content: model.id }), [...layers, model]);
    await bench.link.close();

    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    assert.deepEqual(await check(file, {}, say), []);
    assert.match(said.splice(0).join(), /Not checked: 2 objects/);
    assert.deepEqual(await check(file, { objectStore }, say), []);
    await backup(file, copy, {}, say);
    await restore(copy, `${folder}/c.db`, {}, say);
    assert.equal(said.length, 2);
    for (const line of said) assert.match(line, /Not in the backup: 2 objects/);
    assert.deepEqual(await check(`${folder}/c.db`, { objectStore }), []);

    const paths: string[] = [];
    for (const { id } of layers) {
      const subfolder = `${objectStore}/${id.slice(0, 2)}`;
      for (const { name } of Deno.readDirSync(subfolder)) {
        if (name.startsWith(id)) paths.push(`${subfolder}/${name}`);
      }
    }
    await Deno.writeFile(paths[0]!, new Uint8Array(1000));
    await Deno.remove(paths[1]!);
    const faults = await check(file, { objectStore });
    assert.equal(faults.length, 2);
    assert.match(faults[0]!, new RegExp(`missing .*${layers[1]!.id}`));
    assert.match(faults[1]!, new RegExp(`damaged .*${layers[0]!.id}`));
  });
});

testWithAllRights("a file with a damaged page is copied whole or not at all", async () => {
  await withFolder(async (folder) => {
    const [file, copy] = [`${folder}/a.db`, `${folder}/b.db`];
    await fill(() => new SqliteStore(file));
    const rows = await backup(file, copy, {});
    await Deno.remove(copy);
    const whole = await Deno.readFile(file);
    const pages = whole.length / PAGE_BYTES;
    let refused = 0;
    for (let page = 1; page < pages; page += 1) {
      const damaged = whole.slice();
      damaged.fill(0xff, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      await Deno.writeFile(file, damaged);
      const copied = await backup(file, copy, {}).catch((error) => {
        assert.equal(error.code, "data-loss", `page ${page}: ${error}`);
        refused += 1;
        return rows;
      });
      assert.equal(copied, rows, `page ${page}`);
      await Deno.remove(copy).catch(() => {});
    }
    assert.ok(refused > pages / 2, `${refused} of ${pages}`);
  });
});
