import assert from "node:assert/strict";
import { formatValue } from "./unit.ts";

Deno.test("formatValue: three digits of a time or a ratio, never an exponent", () => {
  const seconds = (value: number) => formatValue(value, "s");
  assert.deepEqual([0, 0.01234, 0.5, 4.5, 61, 513.4].map(seconds), [
    "0 s",
    "0.0123 s",
    "0.500 s",
    "4.50 s",
    "61.0 s",
    "513 s",
  ]);
  assert.equal(formatValue(0.00001234, "ms"), "0.0000 ms");
  assert.equal(formatValue(12345.6, "×"), "12346×");
  assert.equal(formatValue(0.159, "rounds/s"), "0.159/s");
});

Deno.test("formatValue: memory and calls are whole, accuracies have three decimals", () => {
  assert.equal(formatValue(135.6, "MB"), "136 MB");
  assert.equal(formatValue(8512.4, "calls/s"), "8512/s");
  assert.equal(formatValue(0.46549, "fraction"), "0.465");
});
