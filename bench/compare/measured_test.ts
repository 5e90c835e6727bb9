import assert from "node:assert/strict";
import { compareMeasured, type Measured, worse } from "./measured.ts";

const round = (value: number): Measured => ({ measure: "round", unit: "s", better: "less", value });
const calls = (value: number): Measured => ({
  measure: "calls",
  unit: "calls/s",
  better: "more",
  value,
});

Deno.test("compare: ratios are above 1 where this version is better, whatever better means", () => {
  const compared = compareMeasured([
    [[round(0.4), calls(100)], [round(0.1), calls(50)]],
    [[round(0.8), calls(100)], [round(0.2), calls(50)]],
  ]);
  assert.deepEqual(compared.map(({ measure, ratio }) => [measure, ratio]), [["round", 4], [
    "calls",
    0.5,
  ]]);
  assert.deepEqual(worse(compared).map(({ measure }) => measure), ["calls"]);
});

Deno.test("compare: a tenth more or less is no difference", () => {
  const compared = compareMeasured([[[round(1)], [round(1.09)]]]);
  assert.deepEqual(worse(compared), []);
  assert.equal(worse(compareMeasured([[[round(1)], [round(1.11)]]])).length, 1);
});

Deno.test("compare: what one of the versions lacks is left out", () => {
  assert.deepEqual(compareMeasured([[[round(1)], [round(1), calls(1)]]]).length, 1);
  assert.deepEqual(compareMeasured([[[], [round(1)]]]), []);
  assert.deepEqual(compareMeasured([]), []);
});
