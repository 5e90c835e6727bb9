import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { openStore, readDatabase } from "./database.ts";

Deno.test("a database is a file, a SQLite URL, or one of the names for memory", () => {
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
  for (const [text, file] of cases) assert.equal(readDatabase(text), file, text);
});

Deno.test("other databases are refused, without their passwords in the error", () => {
  assert.throws(() => readDatabase("postgresql://user:secret@host/db"), (error) => {
    assert.ok(error instanceof FlwrError);
    assert.equal(error.code, "unimplemented");
    assert.match(error.message, /"postgresql:\/\/…"/);
    assert.doesNotMatch(error.message + error.hints.join(), /secret/);
    return true;
  });
});

Deno.test("the error for a file that cannot be opened names the flag", async () => {
  await assert.rejects(openStore("/nowhere/at/all/state.db"), {
    name: "FlwrError",
    message: /^--database: .*\/nowhere\/at\/all\/state\.db/,
  });
});
