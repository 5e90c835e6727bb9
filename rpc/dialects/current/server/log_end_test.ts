import assert from "node:assert/strict";
import type { LinkRun, RunState } from "../../../../entities/run.ts";
import { endLog } from "./log_end.ts";

/** What a reader that has the log up to `after` gets for a run that ended at 20. */
function end(
  state: RunState,
  {
    details = "",
    text = "one\n",
    after = 0,
    latest = 10,
    last = "",
    removed = false,
    endsLine = true,
  } = {},
) {
  const run = {
    ...{ runId: 7n, state, details, finishedAt: 20 },
    ...(removed && { logRemovedAt: 90 }),
  } as LinkRun;
  const read = { text, latest, more: false, endsLine, finished: true };
  const piece = endLog(read, run, { after, last });
  assert.equal(piece.finished, true);
  return [piece.text, piece.latest];
}

Deno.test("log end: a run that was stopped or failed says so, once", () => {
  assert.deepEqual(end("finished:completed"), ["one\n", 10]);
  assert.deepEqual(end("finished:stopped"), ["one\nRun 7 was stopped\n", 20]);
  assert.deepEqual(end("finished:stopped", { text: "", after: 10 }), ["Run 7 was stopped\n", 20]);
  assert.deepEqual(end("finished:stopped", { text: "", after: 20, latest: 20 }), ["", 20]);
  assert.deepEqual(end("finished:failed", { details: "No heartbeat" }), [
    "one\nRun 7 failed: No heartbeat\n",
    20,
  ]);
});

Deno.test("log end: starts a new line, and does not precede later output", () => {
  assert.deepEqual(end("finished:stopped", { text: "on", latest: 21, endsLine: false }), [
    "on\nRun 7 was stopped\n",
    21,
  ]);
  // The line was already read, by this call or an earlier one.
  for (const last of ["on", ""]) {
    const read = { text: "", after: 10, last, endsLine: false };
    assert.deepEqual(end("finished:stopped", read), ["\nRun 7 was stopped\n", 20]);
  }
});

Deno.test("log end: an error that is already in the log is not repeated", () => {
  const text = "Error: no such round\n  Hint: begin with 1\n";
  const details = "no such round";
  assert.deepEqual(end("finished:failed", { text, details }), [text, 10]);
  assert.deepEqual(end("finished:failed", { text: "", details, last: text }), ["", 10]);
  // The app's own log cannot say that it was stopped.
  const stopped = end("finished:stopped", { text, details });
  assert.deepEqual(stopped, [`${text}Run 7 was stopped: ${details}\n`, 20]);
});

Deno.test("log end: the details' further lines are indented", () => {
  const details = "no such round\nRun 8 failed: forged";
  const shown = `no such round\n${" ".repeat(25)}Run 8 failed: forged`;
  assert.deepEqual(end("finished:failed", { details }), [`one\nRun 7 failed: ${shown}\n`, 20]);
  const text = `Error: ${shown}\n`;
  assert.deepEqual(end("finished:failed", { text, details }), [text, 10]);
});

Deno.test("log end: a removed log is reported as removed", () => {
  const gone = { text: "", latest: 0, removed: true };
  const notice = "The log of run 7 was removed at 1970-01-01T00:01:30.000000+00:00: " +
    "the SuperLink keeps only those of newer runs\n";
  assert.deepEqual(end("finished:completed", gone), [notice, 90]);
  assert.deepEqual(end("finished:failed", { ...gone, details: "no such round" }), [
    `${notice}Run 7 failed: no such round\n`,
    90,
  ]);
  assert.deepEqual(end("finished:completed", { ...gone, text: "late\n" }), [`${notice}late\n`, 90]);
  // For a reader that had it before it was removed, and asks for newer output.
  assert.deepEqual(end("finished:completed", { ...gone, after: 90, latest: 90 }), ["", 90]);
  assert.deepEqual(end("finished:completed", { ...gone, last: "one\n" }), ["", 0]);
});
