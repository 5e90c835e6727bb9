import fc from "fast-check";
import assert from "node:assert/strict";
import type { LogEnd, LogEntry } from "../runs/run_table.ts";
import { runRecord } from "../testing/records.ts";
import type { LinkTables } from "./store.ts";
import { eachStore } from "./testing/each_store.ts";

/** A log as every store must show it, kept in the plainest way. */
class PlainLog {
  entries: LogEntry[] = [];

  add(entry: LogEntry): void {
    this.entries.push(entry);
  }

  trim(end: number, begin: string): void {
    const gone = this.entries.filter((entry) => entry.end <= end).at(-1);
    this.entries = this.entries.filter((entry) => entry.end > end);
    const first = this.entries[0];
    if (gone === undefined || gone.text.endsWith("\n") || first === undefined) return;
    this.entries[0] = { ...first, text: begin + first.text };
  }

  get last(): LogEnd | undefined {
    const last = this.entries.at(-1);
    return last && { at: last.at, end: last.end, endsLine: last.text.endsWith("\n") };
  }

  get size(): number {
    const [first] = this.entries;
    return first === undefined
      ? 0
      : this.last!.end - first.end + new TextEncoder().encode(first.text).length;
  }
}

type LogStep = { readonly add: string } | { readonly trim: number };

/** The text to add, and the number of a log's bytes to keep, which may be 0. */
const logSteps: fc.Arbitrary<LogStep[]> = fc.array(
  fc.oneof(
    fc.record({ add: fc.constantFrom("a\n", "bc", "üü\n", "d", "\n") }, { noNullPrototype: true }),
    fc.record({ trim: fc.integer({ min: 0, max: 8 }) }, { noNullPrototype: true }),
  ),
  { maxLength: 12 },
);

eachStore("a log is trimmed as in every store, also whole", async (store) => {
  let runId = 100n;
  const check = (steps: readonly LogStep[]) =>
    store.transaction("relaxed", async (tx) => {
      runId += 1n;
      await tx.runs.put(runRecord({ runId }));
      const model = new PlainLog();
      let [at, end] = [0, 0];
      for (const step of steps) {
        if ("add" in step) {
          const bytes = new TextEncoder().encode(step.add).length;
          const entry = { at: ++at, end: end += bytes, text: step.add };
          model.add(entry);
          await tx.logs.add(runId, entry);
        } else {
          model.trim(end - step.trim, "…");
          await tx.logs.trim(runId, end - step.trim, "…");
        }
        assert.deepEqual(await tx.logs.since(runId, 0), model.entries);
        const last = await tx.logs.last(runId);
        assert.deepEqual(
          last && { at: last.at, end: last.end, endsLine: last.endsLine },
          model.last,
        );
        assert.equal(await tx.logs.size(runId), model.size);
      }
    });
  await check([{ add: "a\n" }, { trim: 0 }, { add: "bc" }, { add: "d" }, { trim: 0 }, {
    add: "d",
  }]);
  await fc.assert(fc.asyncProperty(logSteps, check), { numRuns: 100, seed: 12 });
});

eachStore(
  "a log that was trimmed whole is as before where the transaction fails",
  async (store) => {
    const read = (tx: LinkTables) =>
      Promise.all([tx.logs.since(3n, 0), tx.logs.last(3n), tx.logs.size(3n)]);
    const before = await store.transaction("relaxed", async (tx) => {
      await tx.runs.put(runRecord());
      await tx.logs.add(3n, { at: 1, end: 2, text: "a\n" });
      await tx.logs.add(3n, { at: 2, end: 4, text: "bc" });
      return await read(tx);
    });
    const failure = new Error("changed my mind");
    await assert.rejects(
      store.transaction("relaxed", async (tx) => {
        await tx.logs.trim(3n, 4, "…");
        assert.deepEqual(await read(tx), [[], undefined, 0]);
        await tx.logs.add(3n, { at: 3, end: 5, text: "d" });
        throw failure;
      }),
      failure,
    );
    assert.deepEqual(await store.transaction("relaxed", read), before);
  },
);
