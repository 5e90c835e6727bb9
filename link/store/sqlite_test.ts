import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { runRecord } from "../testing/records.ts";
import { SqliteStore } from "./sqlite.ts";
import { MIGRATIONS } from "./sqlite_schema.ts";
import type { LinkTransaction } from "./store.ts";

/** Registers a test with a path for a database in a folder of its own. */
function pathTest(name: string, body: (path: string) => Promise<void> | void): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await body(`${folder}/link.db`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const write = (tx: LinkTransaction) =>
  tx.runs.put(runRecord({ runId: 2n ** 64n - 1n, fabId: "app" }));

pathTest("what was committed is there when the file is opened again", async (path) => {
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

pathTest("a new file is made for its owner only, whatever the umask", async (path) => {
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
    JSON.stringify(new URL("./sqlite.ts", import.meta.url).href)
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
});

pathTest("a file that is no database is refused and left alone", (path) => {
  const text = "These are my notes, please do not overwrite them. ".repeat(100);
  Deno.writeTextFileSync(path, text);
  assert.throws(() => new SqliteStore(path), {
    code: "failed-precondition",
    message: `File "${path}" is not a SQLite database`,
  });
  assert.equal(Deno.readTextFileSync(path), text);
});

pathTest("another program's database is refused and left alone", (path) => {
  const theirs = new DatabaseSync(path);
  theirs.exec("CREATE TABLE photo (id INTEGER)");
  theirs.close();
  const before = Deno.readFileSync(path);
  assert.throws(() => new SqliteStore(path), {
    code: "failed-precondition",
    message: `Database "${path}" was not made by this SuperLink`,
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
    message: new RegExp(`is of schema ${MIGRATIONS.length + 1}: .* up to ${MIGRATIONS.length}$`),
  });
});

pathTest("a damaged file is told from an empty one", async (path) => {
  const store = new SqliteStore(path);
  await store.transaction("durable", write);
  await store.close();
  const file = Deno.openSync(path, { write: true });
  file.seekSync(100, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(4000).fill(0xff));
  file.close();
  assert.throws(() => new SqliteStore(path), { code: "data-loss", message: /is damaged/ });
});

pathTest("a folder that does not exist is named", (path) => {
  assert.throws(() => new SqliteStore(`${path}/deeper/link.db`), {
    code: "failed-precondition",
    message: `Database "${path}/deeper/link.db" cannot be made`,
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

pathTest("each transaction passes its steps in order", async (path) => {
  const steps: string[] = [];
  const store = new SqliteStore(path, { onStep: (step) => steps.push(step) });
  await store.transaction("durable", write);
  await assert.rejects(store.transaction("durable", () => Promise.reject(new Error("no"))));
  await store.close();
  assert.deepEqual(steps, ["begin", "write", "commit", "committed", "begin"]);
});
