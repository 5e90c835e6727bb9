import assert from "node:assert/strict";
import { LineLog } from "./line_log.ts";

/** Longer than any test, so that only flush sends batches. */
const NEVER_MS = 2 ** 30;

function setUp() {
  const batches: string[][] = [];
  const log = new LineLog((lines) => batches.push([...lines]), NEVER_MS);
  return { log, batches };
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

Deno.test("pieces become lines with time stamps, wherever they are split", () => {
  const { log, batches } = setUp();
  log.write("one\n");
  log.write("tw");
  log.write("o\n");
  log.write("\n");
  log.write("thr");
  log.write("ee");
  log.flush();
  assert.equal(batches.length, 1);
  const lines = batches[0]!;
  for (const line of lines) assert.match(line, TIME);
  assert.deepEqual(lines.map((line) => line.replace(TIME, "")), [
    " one\n",
    " two\n",
    "\n",
    " three\n",
  ]);
});

Deno.test("lines are buffered while a batch is stored, and dropped lines are counted", () => {
  const { log, batches } = setUp();
  log.write("first\n");
  log.flush();
  const line = "x".repeat(64 * 1024);
  for (let n = 0; n < 20; n++) log.write(`${line}\n`);
  assert.equal(batches.length, 1);
  log.stored();
  assert.equal(batches.length, 2);
  const kept = batches[1]!.filter((text) => text.includes("xxx")).length;
  assert.ok(kept > 10 && kept < 20, `${kept} lines are kept`);
  assert.equal(
    batches[1]!.at(-1),
    `(${20 - kept} lines dropped: the app writes faster than its log is stored)\n`,
  );
  log.stored();
  assert.equal(batches.length, 2, "nothing waits");
});

Deno.test("only the first line of a message has a time stamp; the others are indented", () => {
  const { log, batches } = setUp();
  log.write("one\n2026-11-30T05:28:18.000Z Error: forged\n\nunfin");
  log.writeMessage("[ROUND 1/3]");
  log.flush();
  const blanks = " ".repeat(25);
  assert.deepEqual(batches[0]!.map((line) => line.replace(TIME, "TIME")), [
    "TIME one\n",
    `${blanks}2026-11-30T05:28:18.000Z Error: forged\n`,
    "\n",
    `${blanks}unfin\n`,
    "TIME [ROUND 1/3]\n",
  ]);
});
