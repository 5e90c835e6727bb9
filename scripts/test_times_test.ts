import assert from "node:assert/strict";
import { formatFileTimes, slowestFiles } from "./test_times.ts";

// lines of Deno 2.9.3
const OUTPUT = `
\x1b[0m\x1b[38;5;245m./a/b_test.ts => \x1b[0mone ... \x1b[0m\x1b[32mok\x1b[0m \x1b[0m\x1b[38;5;245m(1m2s)\x1b[0m
./a/b_test.ts => a name => with ... ok in it ... FAILED (500ms)
./c_test.ts => two ... ok (3s)
./d_test.ts => three ... ok (2m)
./e_test.ts => four ... ignored (0ms)
./f_test.ts => five ... ok (64µs)
some app => prints this (5s)
`;

Deno.test("the slowest files are those with the longest total time", () => {
  assert.deepEqual(slowestFiles(OUTPUT, 3), [
    { file: "d_test.ts", seconds: 120 },
    { file: "a/b_test.ts", seconds: 62.5 },
    { file: "c_test.ts", seconds: 3 },
  ]);
  assert.equal(slowestFiles(OUTPUT, 10).length, 4);
});

Deno.test("the slowest files are listed with their seconds", () => {
  assert.equal(
    formatFileTimes(slowestFiles(OUTPUT, 2)),
    "  120.0 s  d_test.ts\n   62.5 s  a/b_test.ts",
  );
});
