import assert from "node:assert/strict";
import { LogSync } from "./log_sync.ts";

Deno.test("each flush syncs the log, and concurrent flushes share a sync", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/link.db-wal`, "log");
    const log = new LogSync(`${folder}/link.db`);
    const first = log.flush();
    assert.equal(log.flush(), first, "the sync has not begun, so both share it");
    await first;
    assert.notEqual(log.flush(), first);
    await log.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a failed sync rejects, and closing still works", async () => {
  const log = new LogSync("/no/such/folder/link.db");
  await assert.rejects(log.flush(), { code: "ENOENT" });
  await assert.rejects(log.flush(), { code: "ENOENT" });
  await log.close();
});
