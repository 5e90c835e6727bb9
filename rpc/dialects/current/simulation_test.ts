import assert from "node:assert/strict";
import type { SimulationSettings } from "../../../entities/simulation.ts";
import { simulationFromBytes, simulationToBytes } from "./simulation.ts";

const roundTrip = (settings: SimulationSettings) =>
  simulationFromBytes(simulationToBytes(settings));

Deno.test("simulation: faults travel exactly, and those that are not set stay so", () => {
  for (
    const settings of [{ dropout: 0.1, slow: 0, slowSeconds: 0.25, lie: 1 }, { slow: 0.3 }, {}]
  ) {
    assert.deepEqual(JSON.parse(JSON.stringify(roundTrip(settings))), settings);
  }
});

Deno.test("simulation: faults out of range are refused", () => {
  for (const name of ["dropout", "slow", "lie"]) {
    for (const value of [-0.01, 1.01, NaN, Infinity]) {
      assert.throws(() => roundTrip({ [name]: value }), { code: "invalid-argument" }, name);
    }
  }
  for (const slowSeconds of [-1, 3601, NaN, Infinity]) {
    assert.throws(() => roundTrip({ slowSeconds }), { code: "invalid-argument" });
  }
});
