import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { LocalSignals } from "./signals.ts";
import { StoreTrouble } from "./store_trouble.ts";
import { transactions, type TransactionStore } from "./transactions.ts";

/** A store without tables that runs the work as often as told, and commits the last attempt if told so. */
function transactOver(attempts: number, commits: boolean) {
  const store: TransactionStore<undefined> = {
    isShared: true,
    signals: new LocalSignals(),
    async transaction(_kind, work, onCommit) {
      for (let attempt = 1; attempt < attempts; attempt++) await work(undefined);
      const result = await work(undefined);
      if (!commits) throw new Error("no commit");
      onCommit?.();
      return result;
    },
  };
  return transactions<undefined, undefined, never>({
    store,
    open: () => undefined,
    trouble: new StoreTrouble(new FakeClock(), () => {}),
    closing: new AbortController().signal,
    onEvent: () => {},
    onTopics: () => {},
    onDue: () => {},
  });
}

for (const [attempts, commits] of [[1, true], [3, true], [1, false], [3, false]] as const) {
  const end = commits ? "committed" : "failed";
  Deno.test(`an amount that ${attempts} attempts took is gone once, or back (${end})`, async () => {
    let [unsaved, stored] = [10, 0];
    const work = transactOver(attempts, commits)("durable", (_tx, effects) => {
      const taken = unsaved;
      unsaved = 0;
      effects.undo(() => unsaved += taken);
      effects.after(() => stored += taken);
      return Promise.resolve();
    });
    await work.catch(() => {});
    assert.deepEqual([unsaved, stored], commits ? [0, 10] : [10, 0]);
  });
}

Deno.test("the last change of a failed attempt is undone first", async () => {
  const undone: number[] = [];
  const work = transactOver(1, false)("relaxed", (_tx, effects) => {
    for (const place of [1, 2]) effects.undo(() => undone.push(place));
    return Promise.resolve();
  });
  await assert.rejects(work, /no commit/);
  assert.deepEqual(undone, [2, 1]);
});
