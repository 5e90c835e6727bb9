import assert from "node:assert/strict";
import type { LogEntry } from "../runs/run_table.ts";
import { Journal } from "./journal.ts";
import { LogMap, MemoryLogs } from "./memory_logs.ts";

/** A log of one-byte entries, each of which ends at its time. */
async function logOf(count: number): Promise<{ map: LogMap; journal: Journal; logs: MemoryLogs }> {
  const [map, journal] = [new LogMap(), new Journal()];
  const logs = new MemoryLogs(map, journal);
  for (let at = 1; at <= count; at++) await logs.add(7n, { at, end: at, text: "x" });
  return { map, journal, logs };
}

const times = (entries: readonly LogEntry[]) => entries.map(({ at }) => at);

Deno.test("memory logs: a reader does not visit the other entries", async () => {
  const { map, logs } = await logOf(10_000);
  const { entries } = map.byRun.get(7n)!;
  let looks = 0;
  const get = entries.get.bind(entries);
  entries.get = (time) => (looks += 1, get(time));
  for (const walk of ["values", "keys", "entries", Symbol.iterator] as const) {
    entries[walk] = () => assert.fail("visits all entries");
  }
  assert.deepEqual(times(await logs.since(7n, 5000, 2)), [5001, 5002, 5003]);
  assert.deepEqual(times(await logs.since(7n, 10_000)), []);
  assert.ok(looks < 10, `${looks} entries visited`);
});

Deno.test("memory logs: a log with many removed entries is read in order, and can be rolled back", async () => {
  const { map, logs } = await logOf(5000);
  await logs.trim(7n, 100, "…");
  const before = await logs.since(7n, 0);
  assert.deepEqual([before.length, before[0]], [4900, { at: 101, end: 101, text: "…x" }]);
  const journal = new Journal();
  const changing = new MemoryLogs(map, journal);
  for (let attempt = 1; attempt <= 2; attempt++) {
    await changing.add(7n, { at: 5001, end: 5001, text: "y" });
    await changing.trim(7n, 4000, "…");
    await changing.add(7n, { at: 5002, end: 5002, text: "z" });
    assert.deepEqual(times(await changing.since(7n, 0, 1)), [4001, 4002]);
    assert.deepEqual(times(await changing.since(7n, 5000)), [5001, 5002]);
    assert.equal(await changing.size(7n), 1002 + "…".length * 3);
    await changing.trim(7n, 5002, "…");
    assert.deepEqual([await changing.since(7n, 0), await changing.size(7n)], [[], 0]);
    journal.rollBack();
    assert.deepEqual(await logs.since(7n, 0), before);
    assert.deepEqual([await logs.size(7n), (await logs.last(7n))?.at], [4900 + 3, 5000]);
  }
});
