import assert from "node:assert/strict";
import { formatTestSummary, parseTestSummary } from "./test_summary.ts";

// summaries of Deno 2.9.3
const CASES = {
  "ok | 1 passed | 0 failed (33s)": { passed: 1, failed: 0, skipped: 0 },
  "\x1b[0m\x1b[31mFAILED\x1b[0m | 2 passed (1 step) | 2 failed (1 step) | 1 ignored \x1b[0m\x1b[38;5;245m(55ms)\x1b[0m":
    { passed: 2, failed: 2, skipped: 1 },
  "ok | 10 passed | 0 failed | 3 ignored | 7 filtered out (5s)": {
    passed: 10,
    failed: 0,
    skipped: 3,
  },
};

Deno.test("the summary of deno test is read, coloured or not", () => {
  for (const [line, expected] of Object.entries(CASES)) {
    assert.deepEqual(parseTestSummary(`some test ... ok\n\n${line}\n\n`), expected, line);
  }
});

Deno.test("output without a summary gives no counts", () => {
  assert.equal(parseTestSummary("error: Type checking failed.\n"), undefined);
  assert.equal(parseTestSummary("a test that prints ok | 1 passed | 0 failed ... ok"), undefined);
});

Deno.test("skipped tests are mentioned only if there are any", () => {
  assert.equal(formatTestSummary({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assert.equal(
    formatTestSummary({ passed: 3, failed: 1, skipped: 2 }),
    "3 passed, 1 failed, 2 skipped",
  );
});
