import assert from "node:assert/strict";
import { sha256Hex } from "../../base/platform.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";
import { MAX_LINE_BYTES } from "./line_reader.ts";
import { ownRecord } from "./own_records.ts";
import { readRecord } from "./record.ts";
import { chainLines, someLines } from "./testing/chain_lines.ts";
import type { ChainCheck, ChainExpectations } from "./verify.ts";
import { verifyFiles } from "./verify_files.ts";

/** Verifies files with these lines. A text is a file; an array is one with a line end after each line. */
async function verify(
  contents: readonly (string | readonly string[])[],
  expected?: ChainExpectations,
) {
  let check: ChainCheck | undefined;
  let files: string[] = [];
  await inTemporaryFolder(async (folder) => {
    files = contents.map((_, i) => `${folder}/${i}`);
    for (const [i, content] of contents.entries()) {
      const text = typeof content === "string"
        ? content
        : content.map((line) => `${line}\n`).join("");
      await Deno.writeTextFile(files[i]!, text);
    }
    check = await verifyFiles(files, expected);
  });
  const faults = check!.faults.map(({ kind, file, line }) => [kind, files.indexOf(file), line]);
  return { check: check!, faults };
}

const hashOf = (line: string) => readRecord(line)!.hash;

Deno.test("an unbroken chain has no faults, over several files too", async () => {
  const lines = someLines(9);
  for (const files of [[lines], [lines.slice(0, 4), [], lines.slice(4)]]) {
    const { check, faults } = await verify(files);
    assert.deepEqual(faults, []);
    assert.deepEqual([check.records, check.end], [9, { sequence: 9, hash: hashOf(lines[8]!) }]);
  }
});

Deno.test("each kind of tampering is found at its line", async () => {
  const lines = someLines(9);
  const other = someLines(9, { sequence: 0, hash: "1".repeat(64) });
  const cases: [string, string[], [string, number, number][]][] = [
    ["changed", lines.with(3, lines[3]!.replace("SuperLink", "Superlink")), [["changed", 0, 4]]],
    ["removed", lines.toSpliced(3, 2), [["removed", 0, 4]]],
    ["swapped", lines.with(3, lines[4]!).with(4, lines[3]!), [
      ["removed", 0, 4],
      ["moved", 0, 5],
      ["removed", 0, 6],
    ]],
    ["twice", lines.toSpliced(3, 0, lines[3]!), [["moved", 0, 5]]],
    ["replaced with a right hash", lines.with(3, other[3]!), [
      ["replaced", 0, 4],
      ["replaced", 0, 5],
    ]],
    ["inserted text", lines.toSpliced(3, 0, "# nothing"), [["no-record", 0, 4]]],
    ["an empty line", lines.toSpliced(3, 0, ""), [["no-record", 0, 4]]],
    ["a huge line", lines.toSpliced(3, 0, "x".repeat(3 * MAX_LINE_BYTES)), [["no-record", 0, 4]]],
    ["first removed", lines.slice(2), [["begins-late", 0, 1]]],
    ["new chain", [...lines, ...someLines(2)], [["restarted", 0, 10]]],
    ["sequence changed", lines.with(8, lines[8]!.replace('"sequence":9', '"sequence":8')), [
      ["moved", 0, 9],
      ["changed", 0, 9],
    ]],
  ];
  for (const [name, changed, expected] of cases) {
    assert.deepEqual((await verify([changed])).faults, expected, name);
  }
});

Deno.test("files in the wrong order, or one missing, are found", async () => {
  const lines = someLines(6);
  const [a, b, c] = [lines.slice(0, 2), lines.slice(2, 4), lines.slice(4)];
  assert.deepEqual((await verify([b, a, c])).faults[0], ["begins-late", 0, 1]);
  assert.deepEqual((await verify([a, c])).faults, [["removed", 1, 1]]);
  assert.deepEqual((await verify([b, c], { before: hashOf(lines[1]!) })).faults, []);
  assert.deepEqual((await verify([b, c], { before: hashOf(lines[2]!) })).faults, [[
    "begins-late",
    0,
    1,
  ]]);
  assert.deepEqual((await verify([lines], { before: hashOf(lines[2]!) })).faults, [[
    "begins-late",
    0,
    1,
  ]]);
});

Deno.test("records removed at the end are noticed by a hash from before only", async () => {
  const lines = someLines(6);
  const last = hashOf(lines[5]!);
  const cut = await verify([lines.slice(0, 4)], { hash: last });
  assert.deepEqual([cut.faults, cut.check.found], [[], undefined]);
  assert.equal((await verify([lines], { hash: last })).check.found, 6);
  assert.equal((await verify([lines], { hash: hashOf(lines[2]!) })).check.found, 3);
  // The hash must be that of the record, not only stand in it.
  const forged = lines.with(5, lines[5]!.replace("SuperLink", "Superlink"));
  assert.equal((await verify([forged], { hash: last })).check.found, undefined);
});

Deno.test("a line torn by a kill is explained by the record after it, and by no other", async () => {
  const lines = someLines(3);
  const end = { sequence: 2, hash: hashOf(lines[1]!) };
  const torn = lines[2]!.slice(0, 100);
  const told = (bytes: number, sha256: string) =>
    chainLines([ownRecord("torn", 5, { bytes, sha256 }), ownRecord("started", 6)], end);
  const right = told(100, sha256Hex(torn));
  const explained = await verify([[...lines.slice(0, 2), torn, ...right]]);
  assert.deepEqual(explained.faults, []);
  assert.deepEqual(explained.check.notes.map(({ line }) => line), [3]);

  const twice = `${torn}\n${torn.slice(0, 9)}`;
  const both = told(twice.length, sha256Hex(twice));
  assert.deepEqual((await verify([[...lines.slice(0, 2), twice, ...both]])).faults, []);

  const wrong = told(100, sha256Hex("other"));
  assert.deepEqual((await verify([[...lines.slice(0, 2), torn, ...wrong]])).faults, [[
    "no-record",
    0,
    3,
  ]]);
  assert.deepEqual((await verify([[...lines.slice(0, 2), torn, lines[2]!]])).faults, [[
    "no-record",
    0,
    3,
  ]]);
  assert.deepEqual((await verify([`${lines[0]}\n${torn}`])).faults, [["torn", 0, 2]]);
});

Deno.test("new chains are accepted if they are expected", async () => {
  const lines = [...someLines(3), ...someLines(2)];
  assert.deepEqual((await verify([lines], { allowsRestarts: true })).faults, []);
  const removed = lines.toSpliced(1, 1);
  assert.deepEqual((await verify([removed], { allowsRestarts: true })).faults, [["removed", 0, 2]]);
});

Deno.test("a log with any number of faults takes little memory", async () => {
  const lines = someLines(2000).toReversed();
  const { check } = await verify([lines]);
  assert.deepEqual([check.faults.length, check.faultCount], [1000, 2000]);
});
