import assert from "node:assert/strict";
import { LogSync } from "./sqlite_log.ts";

Deno.test("the log is handed to the disk as often as asked, also at the same time", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/link.db-wal`, "log");
    const log = new LogSync(`${folder}/link.db`);
    const first = log.flush();
    assert.equal(log.flush(), first, "not begun: it counts for both");
    await first;
    assert.notEqual(log.flush(), first);
    await log.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a log that cannot be handed over is told of, and closing goes on", async () => {
  const log = new LogSync("/no/such/folder/link.db");
  await assert.rejects(log.flush(), { code: "ENOENT" });
  await assert.rejects(log.flush(), { code: "ENOENT" });
  await log.close();
});
