import assert from "node:assert/strict";
import { takeTurns } from "./turns.ts";

Deno.test("takeTurns: the order alternates, the results do not", async () => {
  const calls: string[] = [];
  const turns = await takeTurns(["a", "b"], 3, (name, turn) => {
    calls.push(name);
    return Promise.resolve(`${name}${turn}`);
  });
  assert.deepEqual(calls, ["a", "b", "b", "a", "a", "b"]);
  assert.deepEqual(turns, [["a0", "b0"], ["a1", "b1"], ["a2", "b2"]]);
});
