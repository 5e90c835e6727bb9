import assert from "node:assert/strict";
import { float } from "../float.ts";
import { keepBest } from "./best_model.ts";
import { doubles, numbersOf } from "./testing.ts";

async function bestOf(values: readonly (number | undefined)[], mode: "max" | "min") {
  const kept = keepBest((round) => {
    const value = values[round];
    return value === undefined ? undefined : { score: float(value) };
  }, { metric: "score", mode });
  assert.equal(kept.best(), undefined);
  for (const round of values.keys()) await kept.evaluateFn(round, doubles(round));
  return kept.best();
}

Deno.test("keepBest keeps the model of the best round; of equal ones the earlier", async () => {
  const highest = await bestOf([0.1, 0.5, undefined, 0.7, 0.7, NaN, 0.6], "max");
  assert.deepEqual([highest?.round, highest?.value, numbersOf(highest!.arrays)], [3, 0.7, [3]]);
  assert.equal((await bestOf([0.5, 0.2, 0.3], "min"))?.round, 1);
  assert.equal((await bestOf([NaN, -1], "max"))?.round, 1);
  assert.equal(await bestOf([undefined, undefined], "max"), undefined);
});

Deno.test("keepBest passes the metrics on, and begins anew with another run", async () => {
  const kept = keepBest((round) => ({ loss: round + 1 }), { metric: "loss", mode: "max" });
  const metrics = await kept.evaluateFn(3, doubles(3));
  assert.equal((metrics as { get(name: string): unknown }).get("loss"), 4);
  await kept.evaluateFn(0, doubles(9));
  assert.deepEqual(numbersOf(kept.best()!.arrays), [9]);
});

Deno.test("keepBest refuses options and metrics that make no sense", async () => {
  const mode = "best" as "max";
  assert.throws(() => keepBest(() => undefined, { metric: "a", mode }), /mode must be/);
  assert.throws(() => keepBest(() => undefined, { metric: "", mode: "max" }), /metric must be/);
  const kept = keepBest(() => ({ a: [1, 2], b: 1 }), { metric: "a", mode: "max" });
  await assert.rejects(async () => await kept.evaluateFn(1, doubles(1)), /no number "a".*a, b/);
});
