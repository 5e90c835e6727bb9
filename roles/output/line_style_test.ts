import assert from "node:assert/strict";
import { coloursIf } from "./colours.ts";
import { styledLine, StyledLines } from "./line_style.ts";

const colours = coloursIf(true);

Deno.test("without colours a line is unchanged", () => {
  assert.equal(styledLine("[SUMMARY]", coloursIf(false)), "[SUMMARY]");
  assert.equal(new StyledLines(coloursIf(false)).next("[SUMMARY]\n"), "[SUMMARY]\n");
});

Deno.test("a log is coloured line by line, except lines that arrive in parts", () => {
  const lines = new StyledLines(colours);
  const heading = colours.heading("[ROUND 1/2]");
  assert.equal(lines.next("[ROUND 1/2]\nx\n[ROU"), `${heading}\nx\n[ROU`);
  assert.equal(lines.next("ND 2/2]\n[ROUND 1/2]\n"), `ND 2/2]\n${heading}\n`);
  assert.equal(lines.next(""), "");
  assert.equal(lines.next("[ROUND 1/2]\n"), `${heading}\n`);
});

Deno.test("a line with colours of its own is unchanged", () => {
  const own = "    node \x1b[32ma\x1b[0m failed after 1 s: x";
  assert.equal(styledLine(own, colours), own);
});

Deno.test("a line that only resembles one of the report has no colour", () => {
  for (const line of ["ROUND 1/2", "  train: 2 results, 0 failures, 1 s", "    loss=1 failed=2"]) {
    assert.equal(styledLine(line, colours), line);
  }
});

Deno.test("a log line of a submitted app is coloured after its time stamp", () => {
  const line = "2026-11-30T03:24:27.732Z     node hospital-b failed after 0.5 s: no data";
  assert.equal(styledLine(line, colours), colours.bad(line));
});
