import assert from "node:assert/strict";
import { coloursIf } from "./colours.ts";
import { styledLine, StyledLines } from "./line_style.ts";

const colours = coloursIf(true);

Deno.test("without colours a line stays as it is", () => {
  assert.equal(styledLine("[SUMMARY]", coloursIf(false)), "[SUMMARY]");
  assert.equal(new StyledLines(coloursIf(false)).next("[SUMMARY]\n"), "[SUMMARY]\n");
});

Deno.test("a log is coloured line by line, only where a line comes whole", () => {
  const lines = new StyledLines(colours);
  const heading = colours.heading("[ROUND 1/2]");
  assert.equal(lines.next("[ROUND 1/2]\nx\n[ROU"), `${heading}\nx\n[ROU`);
  assert.equal(lines.next("ND 2/2]\n[ROUND 1/2]\n"), `ND 2/2]\n${heading}\n`);
  assert.equal(lines.next(""), "");
  assert.equal(lines.next("[ROUND 1/2]\n"), `${heading}\n`);
});

Deno.test("colours that a line brings are not mixed with ours", () => {
  const own = "    node \x1b[32ma\x1b[0m failed after 1 s: x";
  assert.equal(styledLine(own, colours), own);
});

Deno.test("what is only like a line of the report has no colour", () => {
  for (const line of ["ROUND 1/2", "  train: 2 results, 0 failures, 1 s", "    loss=1 failed=2"]) {
    assert.equal(styledLine(line, colours), line);
  }
});

Deno.test("a line of a submitted app's log has its time before it", () => {
  const line = "2026-11-30T03:24:27.732Z     node hospital-b failed after 0.5 s: no data";
  assert.equal(styledLine(line, colours), colours.bad(line));
});
