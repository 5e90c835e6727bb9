import assert from "node:assert/strict";
import { FedAvg } from "../../strategy/fedavg.ts";
import { SecureAggregation } from "./secure_aggregation.ts";
import { secureAggregationMod } from "./secure_aggregation_mod.ts";
import { federationOf, secure } from "./testing/signed_run.ts";

Deno.test("secure aggregation: options out of range are refused when the strategy is made", () => {
  const bad: Record<string, unknown>[] = [
    { threshold: 0.5 },
    { threshold: 1.1 },
    { threshold: 3 },
    { threshold: NaN },
    { maxWeight: 0 },
    { maxWeight: Infinity },
    { clippingRange: -1 },
    { ringBits: 16 },
    { ringBits: "32" },
    { quantizationRange: 0.5 },
    { quantizationRange: 2 ** 31 },
    { metrics: { loss: -1 } },
    { metrics: { loss: "1" } },
    { metrics: { "num-examples": 1 } },
    { metrics: ["loss"] },
    { timeout: 0 },
    { unsignedKeysForTests: "yes" },
    { numShares: 3 },
  ];
  for (const options of bad) {
    assert.throws(() => secure(options), { code: "invalid-argument" }, JSON.stringify(options));
  }
  for (
    const options of [{ minNodes: 1 }, { maxRounds: 0 }, { maxRounds: 1.5 }, { minNodes: 2.5 }, {
      minThreshold: 1,
    }, {
      unsignedKeysForTests: 1,
    }]
  ) {
    assert.throws(() => secureAggregationMod(options as object), { code: "invalid-argument" });
  }
});

Deno.test("secure aggregation: too few nodes, and too many for the ring, are refused before the first round", async () => {
  const two = await federationOf({ nodes: 2 });
  const strategy = new SecureAggregation(new FedAvg({ fractionEvaluate: 0 }));
  await assert.rejects(two.run(strategy), { code: "failed-precondition" });
  assert.equal(two.driver.pushed.length, 0);
  const four = await federationOf({ nodes: 4 });
  const tight = secure({ quantizationRange: 2 ** 29 });
  await assert.rejects(four.run(tight), { code: "invalid-argument", message: /at most 536870911/ });
  assert.equal(four.driver.pushed.length, 0);
});
