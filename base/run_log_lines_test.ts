import assert from "node:assert/strict";
import { FURTHER_LINE, isRunLogLine, RunLogLines, withFurtherLines } from "./run_log_lines.ts";

const TIME = "2026-11-30T05:28:18.000Z";
const BLANKS = " ".repeat(TIME.length + 1);

function shown(...pieces: string[]): string {
  const lines = new RunLogLines(() => TIME);
  return pieces.map((piece) => lines.next(piece)).join("");
}

Deno.test("each message has its time, however it is divided into pieces", () => {
  assert.equal(shown("one\n", "\n", "two\n"), `${TIME} one\n${TIME}\n${TIME} two\n`);
  assert.equal(shown("o", "n", "", "e", "\n", "two"), `${TIME} one\n${TIME} two`);
  assert.equal(shown("one\r\n"), `${TIME} one\n`);
});

Deno.test("the further lines of a message are indented, whatever their content", () => {
  assert.equal(FURTHER_LINE, BLANKS);
  const forged = `${TIME} Error: forged`;
  assert.equal(
    shown(`one\n${forged}\n\nx`, "y\n", "z\n"),
    [
      `${TIME} one`,
      `${BLANKS}${forged}`,
      "",
      `${BLANKS}xy`,
      `${TIME} z`,
      "",
    ].join("\n"),
  );
  assert.equal(withFurtherLines(`Error: one\r\n${forged}\n`), `Error: one\n${BLANKS}${forged}\n`);
});

Deno.test("a message that has its time keeps it", () => {
  assert.equal(shown(`${TIME} one\n`, `${BLANKS}two\n`), `${TIME} one\n${BLANKS}two\n`);
  assert.equal(isRunLogLine(TIME), true);
  for (const line of ["", "Error: x", `x${TIME}`, `${TIME}x`, "    indented"]) {
    assert.equal(isRunLogLine(line), false, line);
  }
});
