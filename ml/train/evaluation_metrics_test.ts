import assert from "node:assert/strict";
import { evaluationMetrics } from "./evaluate.ts";

Deno.test("a regression's metrics have no accuracy", () => {
  assert.deepEqual(evaluationMetrics({ loss: 1, accuracy: NaN }), { loss: 1 });
  assert.deepEqual(evaluationMetrics({ loss: 1, accuracy: 0 }), { loss: 1, accuracy: 0 });
});
