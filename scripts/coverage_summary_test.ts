import assert from "node:assert/strict";
import { formatCoverage, parseLcov } from "./coverage_summary.ts";

const record = (file: string, lines: number, covered: number) =>
  `SF:${file}\nFN:1,a\nFNF:1\nFNH:1\nDA:1,1\nLH:${covered}\nLF:${lines}\nend_of_record\n`;

const LCOV = [
  record("/p/app/whole.ts", 10, 10),
  record("/p/app/half.ts", 4, 2),
  record("/p/app/never.ts", 6, 0),
  record("/p/app/whole_test.ts", 10, 1),
  record("/p/app/testing/fake.ts", 10, 1),
  record("/p/proto/gen/a.ts", 10, 1),
  record("/p/tests/support/flwr.ts", 10, 1),
  record("/elsewhere/a.ts", 10, 1),
].join("");

Deno.test("coverage counts the lines of the project's own files", () => {
  assert.deepEqual(parseLcov(LCOV, "/p"), [
    { file: "app/whole.ts", lines: 10, covered: 10 },
    { file: "app/half.ts", lines: 4, covered: 2 },
    { file: "app/never.ts", lines: 6, covered: 0 },
  ]);
});

Deno.test("coverage lists the total and the least covered files", () => {
  assert.deepEqual(formatCoverage(parseLcov(LCOV, "/p/"), 2).split("\n"), [
    " 60.0 % of 20 lines in 3 files; the least covered are:",
    "  0.0 % of 6  app/never.ts",
    " 50.0 % of 4  app/half.ts",
  ]);
});
