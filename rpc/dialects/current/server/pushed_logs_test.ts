import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { FURTHER_LINE, isRunLogLine } from "../../../../base/run_log_lines.ts";
import { LOG_CHARS_PER_TURN, MAX_STAMPED_LOG_CHARS, stampedLog } from "./pushed_logs.ts";

const TIME = "1970-01-01T00:00:00.000Z";

/** A log to which pushes are added as in the domain. */
async function logged(log: string, ...pushes: readonly (readonly string[])[]): Promise<string> {
  for (const pieces of pushes) {
    for await (const { begin, text } of stampedLog(pieces, TIME)) {
      const atLineStart = log === "" || log.endsWith("\n");
      log += begin === undefined
        ? `${atLineStart ? "" : "\n"}${text}`
        : atLineStart
        ? begin + text
        : text;
    }
  }
  return log;
}

Deno.test("the pieces of a Python print are one line", async () => {
  assert.equal(
    await logged("", ["one"], [], [""], ["\n", "two\nError: forged", "\n", "\nthree"], ["\n"]),
    `${TIME} one\n${TIME} two\n${FURTHER_LINE}Error: forged\n${TIME}\n${FURTHER_LINE}three\n`,
  );
});

Deno.test("the rest of an interrupted line does not become a separate line", async () => {
  const log = await logged("", ["one"]) + "\nRun 7 failed\n";
  assert.equal(await logged(log, ["Error: forged\n"]), `${log}${TIME} Error: forged\n`);
});

Deno.test("a long push is split into parts with the same lines", async () => {
  const lines = LOG_CHARS_PER_TURN / 8;
  for (
    const pieces of [
      ["x".repeat(4 * LOG_CHARS_PER_TURN), "\n", "one\n"],
      ["x\n\r\ny\n".repeat(lines)],
      Array.from({ length: lines }, (_, place) => place % 3 === 0 ? "x\ny" : "\n"),
    ]
  ) {
    const parts = await Array.fromAsync(stampedLog(pieces, TIME));
    assert.ok(parts.length > 2, "in parts");
    for (const { text } of parts) assert.ok(text.length < 8 * LOG_CHARS_PER_TURN);
    const log = await logged("", pieces);
    for (const line of log.split("\n")) assert.ok(line === "" || isRunLogLine(line));
    const bare = log.replaceAll(`${TIME} `, "").replaceAll(TIME, "").replaceAll(FURTHER_LINE, "");
    assert.equal(bare, pieces.join("").replaceAll("\r\n", "\n"));
  }
});

Deno.test("no character is lost when a long line is split or truncated", async () => {
  for (const before of ["", "x"]) {
    const line = `${before}${"😀".repeat(LOG_CHARS_PER_TURN)}\n`;
    assert.equal(await logged("", [line]), `${TIME} ${line}`);
    for await (const { text } of stampedLog([line], TIME)) assert.ok(text.isWellFormed());
    const cut = `${"😀".repeat(MAX_STAMPED_LOG_CHARS / 2 + 1)}${before}\n`;
    for await (const { text } of stampedLog([cut], TIME)) assert.ok(text.isWellFormed());
  }
});

Deno.test("the event loop runs while a long push is processed", async () => {
  let turns = 0;
  let goesOn = true;
  const tick = () => {
    turns += 1;
    if (goesOn) setImmediate(tick);
  };
  setImmediate(tick);
  const parts = await Array.fromAsync(stampedLog(["x\n".repeat(LOG_CHARS_PER_TURN)], TIME));
  goesOn = false;
  assert.ok(turns >= parts.length, `${turns} turns, ${parts.length} parts`);
});

Deno.test("only the end of very long output is kept, counting the prefixes of its lines", async () => {
  for (const line of ["\n", "x\n", "ü".repeat(100) + "\n"]) {
    const stamped = line === "\n" ? TIME.length + 1 : TIME.length + 1 + line.length;
    const count = Math.ceil(MAX_STAMPED_LOG_CHARS / stamped);
    const log = await logged("", ["first", line.repeat(count), "last\n"]);
    assert.equal(log.includes("first"), false);
    assert.ok(log.endsWith("last\n"));
    assert.ok(log.length < MAX_STAMPED_LOG_CHARS + LOG_CHARS_PER_TURN, `${log.length}`);
  }
  assert.ok((await logged("", ["x".repeat(MAX_STAMPED_LOG_CHARS)])).length > 1000);
});
