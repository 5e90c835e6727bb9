import assert from "node:assert/strict";
import { MAX_STAMPED_LOG_CHARS } from "./limits.ts";
import { PushedLogs } from "./pushed_logs.ts";

const clock = { now: () => 0, sleep: () => Promise.resolve() };
const TIME = "1970-01-01T00:00:00.000Z";

Deno.test("what Python's print writes is one line, whatever comes between its pieces", () => {
  const logs = new PushedLogs(clock);
  assert.deepEqual(logs.linesOf(1n, ["one"]), [`${TIME} one`]);
  assert.deepEqual(logs.linesOf(2n, ["other\n"]), [`${TIME} other\n`]);
  assert.deepEqual(logs.linesOf(1n, ["\n", "two\nError: forged", "\n"]), [
    "\n",
    `${TIME} two\n${" ".repeat(25)}Error: forged`,
    "\n",
  ]);
});

Deno.test("a run that has ended leaves nothing behind", () => {
  const logs = new PushedLogs(clock);
  logs.linesOf(1n, ["one"]);
  logs.end(1n);
  assert.deepEqual(logs.linesOf(1n, ["two"]), [`${TIME} two`]);
});

Deno.test("only the end of very much output counts", () => {
  const lines = new PushedLogs(clock).linesOf(1n, ["first", "\n".repeat(MAX_STAMPED_LOG_CHARS)]);
  assert.equal(lines.join("").includes("first"), false);
});
