import assert from "node:assert/strict";
import { parseProfile, timesTable } from "./operator_times.ts";

const event = (
  op_name: string,
  node: number,
  dur: number,
  shape: number[],
  part = "kernel_time",
) => ({
  cat: "Node",
  name: `${op_name}_${node}_${part}`,
  dur,
  args: { op_name, output_type_shape: [{ float: shape }] },
});

const PROFILE = JSON.stringify([
  { cat: "Session", name: "model_run", dur: 1000, args: {} },
  event("Scan", 9, 900, [20]),
  ...[100, 5000, 120].map((dur) => event("Conv", 1, dur, [32, 8])), // Interrupted in the second step.
  ...[10, 10, 10].map((dur) => event("Relu", 2, dur, [32, 8])),
  ...[40, 40, 40].map((dur) => event("Conv", 3, dur, [32, 8])),
  event("Conv", 4, 20, [4]),
  event("Conv", 4, 7, [4], "fence_before"),
]);

Deno.test("parseProfile: by operator and shape, interruptions and the loop itself left out", () => {
  assert.deepEqual(parseProfile(PROFILE), [
    { operator: "Conv", result: "float 32×8", microseconds: 480 },
    { operator: "Relu", result: "float 32×8", microseconds: 30 },
    { operator: "Conv", result: "float 4", microseconds: 20 },
  ]);
});

Deno.test("timesTable: per step, the rest in one row", () => {
  const cells = timesTable(parseProfile(PROFILE), 10, 1).slice(2)
    .map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
  assert.deepEqual(cells, [
    ["Conv", "float 32×8", "48", "90.6 %"],
    ["all others", "", "5", "9.4 %"],
    ["sum", "", "53", "100.0 %"],
  ]);
});
