import assert from "node:assert/strict";
import { settle } from "../base/testing/settle.ts";
import type { Context } from "./context.ts";
import { perRun } from "./per_run.ts";

const of = (runId: bigint) => ({ runId }) as Context;

Deno.test("per run: messages of a run share a value, another run has its own", () => {
  let made = 0;
  const give = perRun(({ runId }) => ({ runId, number: ++made }));
  assert.deepEqual([give(of(1n)), give(of(1n))], Array(2).fill({ runId: 1n, number: 1 }));
  assert.deepEqual(give(of(2n)), { runId: 2n, number: 2 });
  assert.deepEqual(give(of(1n)), { runId: 1n, number: 3 });
});

Deno.test("per run: a failed creation is tried again", async () => {
  let tries = 0;
  const now = perRun(() => {
    if (++tries === 1) throw new Error("no data");
    return tries;
  });
  assert.throws(() => now(of(1n)), /no data/);
  assert.equal(now(of(1n)), 2);

  const later = perRun(() => ++tries === 3 ? Promise.reject(new Error("no")) : Promise.resolve(7));
  await assert.rejects(later(of(1n)), /no/);
  assert.equal(await later(of(1n)), 7);
});

Deno.test("per run: the earlier run's value is disposed of before a new one is created", () => {
  const seen: string[] = [];
  const give = perRun(({ runId }) => {
    seen.push(`make ${runId}`);
    return { [Symbol.dispose]: () => void seen.push(`dispose ${runId}`) };
  });
  for (const runId of [1n, 2n]) give(of(runId));
  assert.deepEqual(seen, ["make 1", "dispose 1", "make 2"]);
});

Deno.test("per run: the earlier run's value is disposed of, even if that fails", async () => {
  const ended: string[] = [];
  const kept = perRun(({ runId }) => ({
    [Symbol.asyncDispose]: () => {
      ended.push(`kept ${runId}`);
      return Promise.reject(new Error("broken"));
    },
  }));
  const promised = perRun(({ runId }) =>
    Promise.resolve({ [Symbol.dispose]: () => void ended.push(`promised ${runId}`) })
  );
  for (const runId of [1n, 1n, 2n]) {
    kept(of(runId));
    await promised(of(runId));
  }
  await settle();
  assert.deepEqual(ended, ["kept 1", "promised 1"]);
});

Deno.test("per run: each node of a simulation has its own value, unless they share one", () => {
  let made = 0;
  const own = perRun(({ nodeId }) => ({ nodeId, number: ++made }));
  const at = (nodeId: bigint) => ({ runId: 1n, nodeId }) as Context;
  const [a, b, again] = [own(at(5n)), own(at(6n)), own(at(5n))];
  assert.deepEqual([a, b], [{ nodeId: 5n, number: 1 }, { nodeId: 6n, number: 2 }]);
  assert.equal(again, a);
  const shared = perRun(() => ({ number: ++made }), { sharedByNodes: true });
  assert.equal(shared(at(5n)), shared(at(6n)));
});

Deno.test("per run: values of a simulation's nodes are bounded, and the oldest is disposed of", () => {
  const ended: bigint[] = [];
  const own = perRun(({ nodeId }) => ({ [Symbol.dispose]: () => void ended.push(nodeId) }));
  const at = (nodeId: bigint) => ({ runId: 1n, nodeId }) as Context;
  for (let node = 2n; node < 10n; node++) own(at(node));
  own(at(2n)); // used again: node 3 is the oldest
  own(at(10n));
  assert.deepEqual(ended, [3n]);
});
