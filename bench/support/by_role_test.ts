import assert from "node:assert/strict";
import { compareRoles } from "./by_role.ts";

const role = (superLink: number) => ({
  superLink,
  superNode: 2 * superLink,
  serverApp: 3 * superLink,
});

Deno.test("compareRoles: a comparison for each role, bytes as megabytes", () => {
  const turns = { flwr: [role(1e6), role(2e6)], python: [role(5e6), role(6e6)] };
  const comparisons = compareRoles("peak memory,", "MB", turns);
  assert.deepEqual(
    comparisons.map(({ measure, values }) => [measure, values]),
    [
      ["peak memory, SuperLink", { flwr: [1, 2], python: [5, 6] }],
      ["peak memory, SuperNode", { flwr: [2, 4], python: [10, 12] }],
      ["peak memory, ServerApp", { flwr: [3, 6], python: [15, 18] }],
    ],
  );
  assert.deepEqual(compareRoles("start,", "s", { flwr: [role(1)], python: [role(2)] })[0]!.values, {
    flwr: [1],
    python: [2],
  });
});
