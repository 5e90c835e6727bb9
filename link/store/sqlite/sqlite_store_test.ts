import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { testWithAllRights } from "../../../base/testing/all_rights.ts";
import { runRecord } from "../../testing/records.ts";
import { SqliteStore } from "./sqlite_store.ts";
import { SqlInstructions } from "../sql/messages.ts";
import { MIGRATIONS } from "./schema.ts";
import { SqliteStatements } from "./statements.ts";
import type { LinkTables } from "../store.ts";

/** Registers a test with the path of a database in a temporary folder. */
function pathTest(
  name: string,
  body: (path: string) => Promise<void> | void,
  register: (name: string, fn: () => Promise<void>) => void = Deno.test,
): void {
  register(name, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await body(`${folder}/link.db`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const write = (tx: LinkTables) => tx.runs.put(runRecord({ runId: 2n ** 64n - 1n, fabId: "app" }));

pathTest("committed changes survive reopening the file", async (path) => {
  const first = new SqliteStore(path);
  await first.transaction("durable", write);
  await first.close();
  const second = new SqliteStore(path);
  const run = await second.transaction("relaxed", (tx) => tx.runs.get(2n ** 64n - 1n));
  await second.close();
  assert.equal(run?.fabId, "app");
});

pathTest("only the owner can read the files", async (path) => {
  Deno.writeTextFileSync(path, "", { mode: 0o644 });
  Deno.chmodSync(path, 0o644);
  const store = new SqliteStore(path);
  await store.transaction("durable", write);
  for (const file of [path, `${path}-wal`]) {
    assert.equal(Deno.statSync(file).mode! & 0o777, 0o600, file);
  }
  await store.close();
});

pathTest("a new file is readable only by its owner, whatever the umask is", async (path) => {
  const umask = Deno.umask(0);
  try {
    const store = new SqliteStore(path);
    await store.close();
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  } finally {
    Deno.umask(umask);
  }
});

pathTest("a file that another process has open is refused", async (path) => {
  await new SqliteStore(path).close();
  const code = `import { SqliteStore } from ${
    JSON.stringify(new URL("./sqlite_store.ts", import.meta.url).href)
  };
    new SqliteStore(${JSON.stringify(path)});
    console.log("open");
    await new Promise((resolve) => setTimeout(resolve, 60_000));`;
  const other = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" })
    .spawn();
  try {
    const reader = other.stdout.getReader();
    await reader.read();
    await reader.cancel();
    assert.throws(() => new SqliteStore(path, { lockWaitSeconds: 0.05 }), {
      code: "failed-precondition",
      message: `Database "${path}" is in use by another process`,
    });
  } finally {
    other.kill("SIGKILL");
    await other.status;
  }
  await new SqliteStore(path).close();
}, testWithAllRights);

pathTest("a file that is not a database is refused and not changed", (path) => {
  const text = "These are my notes, please do not overwrite them. ".repeat(100);
  Deno.writeTextFileSync(path, text);
  assert.throws(() => new SqliteStore(path), {
    code: "failed-precondition",
    message: `File "${path}" is not a SQLite database`,
  });
  assert.equal(Deno.readTextFileSync(path), text);
});

pathTest("another program's database is refused and not changed", (path) => {
  const theirs = new DatabaseSync(path);
  theirs.exec("CREATE TABLE photo (id INTEGER)");
  theirs.close();
  const before = Deno.readFileSync(path);
  assert.throws(() => new SqliteStore(path), {
    code: "failed-precondition",
    message: `Database "${path}" was not created by this SuperLink`,
  });
  assert.deepEqual(Deno.readFileSync(path), before);
});

pathTest("a newer schema is refused", async (path) => {
  await new SqliteStore(path).close();
  const newer = new DatabaseSync(path);
  newer.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  newer.close();
  assert.throws(() => new SqliteStore(path), {
    code: "failed-precondition",
    message: new RegExp(`has schema ${MIGRATIONS.length + 1}: .* up to ${MIGRATIONS.length}$`),
  });
});

pathTest("a damaged file is distinguished from an empty one", async (path) => {
  const store = new SqliteStore(path);
  await store.transaction("durable", write);
  await store.close();
  const file = Deno.openSync(path, { write: true });
  file.seekSync(100, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(4000).fill(0xff));
  file.close();
  assert.throws(() => new SqliteStore(path), { code: "data-loss", message: /is damaged/ });
});

pathTest("an error names a folder that does not exist", (path) => {
  assert.throws(() => new SqliteStore(`${path}/deeper/link.db`), {
    code: "failed-precondition",
    message: `Database "${path}/deeper/link.db" cannot be created`,
  });
});

pathTest("ids that are not unsigned 64-bit are refused", async (path) => {
  const store = new SqliteStore(path);
  for (const id of [-1n, 2n ** 64n]) {
    await assert.rejects(store.transaction("relaxed", (tx) => tx.runs.get(id)), {
      code: "internal",
    });
  }
  await store.close();
});

pathTest(
  "handed-out instructions of a node are found without reading waiting ones",
  async (path) => {
    await new SqliteStore(path).close();
    const database = new DatabaseSync(path);
    const asked: string[] = [];
    const statements = new SqliteStatements(
      (sql) => (asked.push(sql), database.prepare(sql)),
      () => {},
    );
    assert.deepEqual(await new SqlInstructions(statements).handedOutTo(1n), []);
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${asked[0]}`).all(1n);
    assert.deepEqual(plan.map(({ detail }) => detail), [
      "SEARCH instruction USING INDEX instruction_handed_out (dst_node_id=?)",
    ]);
    database.close();
  },
);

pathTest("each transaction passes its steps in order", async (path) => {
  const steps: string[] = [];
  const store = new SqliteStore(path, { onStep: (step) => steps.push(step) });
  await store.transaction("durable", write);
  await assert.rejects(store.transaction("durable", () => Promise.reject(new Error("no"))));
  await store.close();
  assert.deepEqual(steps, ["begin", "write", "commit", "committed", "begin"]);
});

/** The sizes of a database's file and of its log, in MiB. */
function sizes(path: string): { file: number; log: number } {
  const size = (name: string) => Deno.statSync(name).size / 2 ** 20;
  return { file: size(path), log: size(`${path}-wal`) };
}

/** Adds objects of 1 MiB, each in a transaction of its own. */
async function fill(store: SqliteStore, ids: Iterable<number>): Promise<void> {
  for (const id of ids) {
    const bytes = new Uint8Array(2 ** 20).fill(id);
    await store.transaction("relaxed", async (tx) => {
      await tx.objects.add({ id: `${id}`, bytes, children: [] }, { references: 1, waits: 0 });
    });
  }
}

async function clear(store: SqliteStore, ids: Iterable<number>): Promise<void> {
  for (const id of ids) await store.transaction("relaxed", (tx) => tx.objects.removeAll([`${id}`]));
}

const EVEN = Array.from({ length: 10 }, (_, index) => 2 * index);
const ODD = EVEN.map((id) => id + 1);

pathTest(
  "free space is returned 1 MiB at a time, and records stay intact",
  async (path) => {
    const steps: string[] = [];
    const spareBytes = 3 * 2 ** 20;
    const store = new SqliteStore(path, { spareBytes, onStep: (step) => steps.push(step) });
    await fill(store, [...EVEN, ...ODD].sort((a, b) => a - b));
    assert.equal(await store.reclaim(), false);
    await clear(store, ODD);
    steps.length = 0;
    let calls = 1;
    while (await store.reclaim()) calls++;
    assert.deepEqual(steps, Array(calls).fill(["reclaim", "reclaimed"]).flat());
    assert.ok(calls >= 6 && calls <= 8, `${calls} calls for 7 MiB`);
    const { file, log } = sizes(path);
    assert.ok(file > 12 && file < 14, `${file} MiB for 10 MiB of records and 3 MiB of free space`);
    assert.equal(log, 0);
    await store.transaction("relaxed", async (tx) => {
      for (const id of EVEN) {
        assert.deepEqual(await tx.objects.bytes(`${id}`), new Uint8Array(2 ** 20).fill(id));
      }
    });
    await store.close();
  },
);

pathTest("the log is truncated after a large transaction", async (path) => {
  const store = new SqliteStore(path);
  await store.transaction("relaxed", async (tx) => {
    for (const id of EVEN) {
      const object = { id: `${id}`, bytes: new Uint8Array(2 ** 20), children: [] };
      await tx.objects.add(object, { references: 1, waits: 0 });
    }
  });
  assert.ok(sizes(path).log > 10);
  assert.equal(await store.reclaim(), false);
  assert.equal(sizes(path).log, 0);
  await store.close();
});

/** A half-empty database of an earlier version, which cannot shrink. */
async function makeOlder(path: string): Promise<void> {
  const first = new SqliteStore(path);
  await fill(first, [...EVEN, ...ODD]);
  await first.close();
  const older = new DatabaseSync(path);
  older.exec("PRAGMA auto_vacuum = NONE");
  older.exec("VACUUM");
  older.exec(`DELETE FROM object WHERE object_id % 2 = 1`);
  older.close();
}

pathTest(
  "a database of an earlier version is rebuilt and can then shrink",
  async (path) => {
    await makeOlder(path);
    const store = new SqliteStore(path);
    assert.equal(store.reclaimable, true);
    const { file, log } = sizes(path);
    assert.ok(file > 10 && file < 11, `${file} MiB`);
    assert.equal(log, 0);
    assert.deepEqual(
      await store.transaction("relaxed", (tx) => tx.objects.bytes("18")),
      new Uint8Array(2 ** 20).fill(18),
    );
    await store.close();
    const again = new SqliteStore(path, { largestRebuildBytes: 0 });
    assert.equal(again.reclaimable, true, "the setting survives reopening");
    await again.close();
  },
  testWithAllRights,
);

pathTest("a database of an earlier version that is too large is not rebuilt", async (path) => {
  await makeOlder(path);
  const store = new SqliteStore(path, { largestRebuildBytes: 9 * 2 ** 20, spareBytes: 0 });
  assert.equal(store.reclaimable, false);
  assert.equal(await store.reclaim(), false);
  assert.ok(sizes(path).file > 20);
  await fill(store, ODD);
  await store.close();
  assert.ok(Deno.statSync(path).size < 21 * 2 ** 20, "free pages are reused");
}, testWithAllRights);
