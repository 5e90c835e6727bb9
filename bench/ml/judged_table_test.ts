import assert from "node:assert/strict";
import { judgedTable } from "./judged_table.ts";
import type { Judged } from "./rows.ts";

function judged(measure: string, flwr: number[], goal?: number): Judged {
  return { measure, unit: "examples/s", better: "more", goal, values: { flwr, python: [10, 20] } };
}

Deno.test("judgedTable: a goal that is reached is set in bold", () => {
  const [, , ...rows] = judgedTable([
    judged("fast", [30, 60], 3),
    judged("slow", [20, 40], 3),
    judged("free", [20, 40]),
  ]);
  const cells = rows.map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
  assert.deepEqual(cells, [
    ["fast", "60/s", "45/s", "20/s", "15/s", "**3.00×**", "3×"],
    ["slow", "40/s", "30/s", "20/s", "15/s", "2.00×", "3×"],
    ["free", "40/s", "30/s", "20/s", "15/s", "2.00×", ""],
  ]);
});
