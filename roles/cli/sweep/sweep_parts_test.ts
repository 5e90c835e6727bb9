import assert from "node:assert/strict";
import { settle } from "../../../base/testing/settle.ts";
import { readHistory } from "./read_history.ts";
import { runAll } from "./run_all.ts";
import { shareCores } from "./share_cores.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const RANGE = { final: 1, "final-round": 3, min: "NaN", "min-round": 1, max: 2, "max-round": 2 };

const history = (...metrics: unknown[]) => ({
  format: "flwr-history",
  version: 1,
  strategies: metrics.map((metrics) => ({ metrics })),
});

Deno.test("read history: the metrics of the last strategy", () => {
  const metrics = readHistory(bytes(history({ a: RANGE }, { b: { ...RANGE, final: "12" } })));
  assert.deepEqual([...metrics], [["b", {
    final: 12,
    finalRound: 3,
    min: NaN,
    minRound: 1,
    max: 2,
    maxRound: 2,
  }]]);
  assert.equal(readHistory(bytes(history())).size, 0);
});

Deno.test("read history: a file of an app that is no history is refused", () => {
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [index, RANGE]));
  for (
    const value of [
      null,
      [],
      {},
      { ...history(), version: 2 },
      { ...history(), format: "mine" },
      history({ a: { ...RANGE, final: "=1+1" } }),
      history({ a: { ...RANGE, "min-round": -1 } }),
      history({ a: 1 }),
      history({ ["x".repeat(301)]: RANGE }),
      history(many),
      history([]),
    ]
  ) {
    assert.throws(() => readHistory(bytes(value)), { code: "data-loss" }, JSON.stringify(value));
  }
  assert.throws(() => readHistory(new Uint8Array([1])), { code: "data-loss" });
});

Deno.test("share cores: as many runs at once as there are cores for a node of each", () => {
  const share = (runs: number, cores: number | undefined, parallel?: number, simulation = {}) => {
    const shared = shareCores({ runs, cores, parallel, simulation });
    return [shared.parallel, shared.cores];
  };
  assert.deepEqual(share(6, 2), [2, 1]);
  assert.deepEqual(share(3, 8), [3, 2]);
  assert.deepEqual(share(1, 8), [1, 8]);
  assert.deepEqual(share(20, 8, 3), [3, 2]);
  assert.deepEqual(share(20, 2, 5), [5, 1]);
  assert.deepEqual(share(20, 8, undefined, { clientResourcesNumCpus: 3 }), [2, 4]);
  assert.deepEqual(share(20, 2, undefined, { clientResourcesNumCpus: 4 }), [1, 4]);
  assert.deepEqual(share(20, 8, undefined, { initArgsNumCpus: 4 }), [2, undefined]);
  // Another machine's cores are not known.
  assert.deepEqual(share(20, undefined), [1, undefined]);
  assert.deepEqual(share(20, undefined, 4), [4, undefined]);
});

Deno.test("run all: in order, a few at a time, and none after an error or the signal", async () => {
  const never = new AbortController().signal;
  const begun: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const work = (item: number) => {
    begun.push(item);
    return gates[item]!.promise;
  };
  const items = [0, 1, 2, 3, 4];
  const all = runAll(items, { parallel: 2, signal: never }, work);
  assert.deepEqual(begun, [0, 1]);
  gates[1]!.resolve();
  await settle();
  assert.deepEqual(begun, [0, 1, 2]);
  gates[0]!.reject(new RangeError("no space"));
  await settle();
  assert.deepEqual(begun, [0, 1, 2]);
  gates[2]!.resolve();
  await assert.rejects(all, RangeError);
  assert.deepEqual(begun, [0, 1, 2]);

  const stop = new AbortController();
  const done: number[] = [];
  await runAll(items, { parallel: 1, signal: stop.signal }, (item) => {
    done.push(item);
    if (item === 1) stop.abort();
    return Promise.resolve();
  });
  assert.deepEqual(done, [0, 1]);
});
