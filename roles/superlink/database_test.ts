import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { join } from "node:path";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";
import { openStore, readDatabase } from "./database.ts";

const read = (database: string) => readDatabase({ database }, () => undefined);

Deno.test("a database is a file, a SQLite URL, or one of the names for memory", async () => {
  const cases: [string, string | undefined][] = [
    ["state.db", "state.db"],
    ["/var/lib/flwr/state.db", "/var/lib/flwr/state.db"],
    ["sqlite:///state.db", "state.db"],
    ["sqlite:////var/lib/flwr/state.db", "/var/lib/flwr/state.db"],
    ["sqlite+pysqlite:///state.db?timeout=5", "state.db"],
    ["sqlite://", undefined],
    ["sqlite:///:memory:", undefined],
    [":memory:", undefined],
    [":flwr-in-memory:", undefined],
    [":flwr-in-memory-state:", undefined],
    ["", undefined],
  ];
  for (const [text, file] of cases) {
    const expected = file === undefined ? { kind: "memory" } : { kind: "sqlite", file };
    assert.deepEqual(await read(text), expected, text);
  }
});

Deno.test("a URL of PostgreSQL is its target", async () => {
  const config = await read("postgres://flwr@127.0.0.1/db");
  assert.deepEqual(config, {
    kind: "postgres",
    target: { host: "127.0.0.1", port: 5432, database: "db", user: "flwr" },
  });
});

Deno.test("PostgreSQL is recognised by the scheme of its URL", async () => {
  for (const scheme of ["postgres", "postgresql", "postgresql+psycopg2"]) {
    assert.equal((await read(`${scheme}://a@localhost/c`)).kind, "postgres", scheme);
  }
  for (const text of ["postgres", "postgres.db", "sqlite:///postgres:/x"]) {
    assert.equal((await read(text)).kind, "sqlite", text);
  }
});

Deno.test("flags of PostgreSQL are refused with other databases", async () => {
  for (const flag of ["databasePasswordFile", "databaseCaFile"]) {
    const flags = { database: "state.db", [flag]: "file" };
    await assert.rejects(readDatabase(flags, () => undefined), { code: "invalid-argument" });
  }
});

Deno.test("other databases are refused, without their passwords in the error", async () => {
  await assert.rejects(read("mysql://user:secret@host/db"), (error) => {
    assert.ok(error instanceof FlwrError);
    assert.equal(error.code, "unimplemented");
    assert.match(error.message, /"mysql:\/\/…"/);
    assert.doesNotMatch(error.message + error.hints.join(), /secret/);
    return true;
  });
});

Deno.test("the error for a file that cannot be opened names the flag", async () => {
  await assert.rejects(openStore({ kind: "sqlite", file: "/nowhere/at/all/state.db" }), {
    name: "FlwrError",
    message: /^--database: .*\/nowhere\/at\/all\/state\.db/,
  });
});

Deno.test("without the flag, the state is stored in Flower's folder, and the log says where", async () => {
  await inTemporaryFolder(async (folder) => {
    const before = Deno.env.get("FLWR_HOME");
    Deno.env.set("FLWR_HOME", join(folder, "new", "home"));
    try {
      const config = await readDatabase({}, () => undefined);
      const file = join(folder, "new", "home", "superlink.db");
      assert.deepEqual(config, { kind: "sqlite", file, isDefault: true });
      const store = await openStore(config);
      // A second one must have a database of its own.
      await assert.rejects(openStore(config), (error: FlwrError) => {
        assert.equal(error.code, "failed-precondition");
        assert.match(error.hints.join("\n"), /--database :memory:/);
        return true;
      });
      await store.close();
      assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    } finally {
      if (before === undefined) Deno.env.delete("FLWR_HOME");
      else Deno.env.set("FLWR_HOME", before);
    }
  });
});
