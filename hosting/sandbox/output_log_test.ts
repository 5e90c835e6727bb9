import assert from "node:assert/strict";
import type { Clock } from "../../base/clock.ts";
import { LOG_LINES, logOutput, MAX_LINE_LENGTH } from "./output_log.ts";

/** A clock without real waiting: sleeping advances it, and is recorded. */
class MovingClock implements Clock {
  slept = 0;
  now() {
    return this.slept;
  }
  sleep(seconds: number) {
    this.slept += seconds;
    return Promise.resolve();
  }
}

async function linesOf(chunks: readonly string[], clock: Clock = new MovingClock()) {
  const lines: string[] = [];
  const encoder = new TextEncoder();
  async function* stream() {
    for (const chunk of chunks) {
      await Promise.resolve();
      yield encoder.encode(chunk);
    }
  }
  await logOutput(stream(), clock, (line) => lines.push(line));
  return lines;
}

Deno.test("lines are assembled from chunks", async () => {
  assert.deepEqual(await linesOf(["on", "e\ntw", "o\r\n\nthr", "ee"]), ["one", "two", "", "three"]);
});

Deno.test("a line that is too long is cut, also without a line break", async () => {
  const [line] = await linesOf(["x".repeat(5000) + "\n"]);
  assert.equal(line, "x".repeat(MAX_LINE_LENGTH) + "…");
  const endless = await linesOf(Array.from({ length: 100 }, () => "y".repeat(1000)));
  assert.deepEqual(endless, ["y".repeat(MAX_LINE_LENGTH) + "…"]);
});

Deno.test("lines beyond the limit are counted, and more may pass later", async () => {
  const clock = new MovingClock();
  const flood = "x\n".repeat(LOG_LINES.burst + 50);
  const lines = await linesOf([flood], clock);
  assert.equal(lines.length, LOG_LINES.burst + 1);
  assert.equal(lines.at(-1), "(50 lines left out)");
});

Deno.test("the number of lines left out is reported before the next line", async () => {
  const lines: string[] = [];
  const clock = new MovingClock();
  async function* stream() {
    yield new TextEncoder().encode("x\n".repeat(LOG_LINES.burst + 7));
    await Promise.resolve();
    clock.slept += 1;
    yield new TextEncoder().encode("last\n");
  }
  await logOutput(stream(), clock, (line) => lines.push(line));
  assert.deepEqual(lines.slice(LOG_LINES.burst), ["(7 lines left out)", "last"]);
});

Deno.test("an app that prints too fast is slowed down", async () => {
  const clock = new MovingClock();
  await linesOf([("x".repeat(99) + "\n").repeat(50_000)], clock);
  assert.ok(clock.slept > 4, `waited ${clock.slept} s for 5 MB`);
});
