import assert from "node:assert/strict";
import { historyLines, withHistory } from "./history.ts";

const HEAD = { version: "0.4.0", commit: "abc", against: "0.3.0", machine: "2 cores" };
const round = {
  measure: "round",
  unit: "s",
  better: "less",
  before: [2, 2],
  now: [0.123456, 0.123456],
  ratio: 16.2,
} as const;

Deno.test("history: a line for each measure, with the version and what it was compared with", () => {
  assert.deepEqual(historyLines(HEAD, [round]), [{
    ...HEAD,
    measure: "round",
    unit: "s",
    median: 0.1235,
    turns: 2,
    ratio: 16.2,
  }]);
});

Deno.test("history: a measure of a version has one line, the last", () => {
  const first = withHistory("", historyLines(HEAD, [round, { ...round, measure: "start" }]));
  assert.equal(first.trimEnd().split("\n").length, 2);
  const again = withHistory(first, historyLines(HEAD, [{ ...round, ratio: 2 }]));
  const lines = again.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ measure, ratio }) => [measure, ratio]), [["round", 2], [
    "start",
    16.2,
  ]]);
  const next = withHistory(again, historyLines({ ...HEAD, version: "0.5.0" }, [round]));
  assert.equal(next.trimEnd().split("\n").length, 3);
});
