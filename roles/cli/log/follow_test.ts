import assert from "node:assert/strict";
import type {
  ControlClient,
  RunLogChunk,
} from "../../../rpc/dialects/current/client/control_client.ts";
import { FakeClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { aborted } from "../../../base/aborted.ts";
import { followLog, showLog } from "./follow.ts";

const NEVER = new AbortController().signal;

/** A SuperLink that sends these pieces of a log, and then nothing until the reader ends. */
function superLink(...pieces: readonly (RunLogChunk | (() => Promise<void>))[]) {
  return {
    async *streamLogs(_runId: bigint, { signal }: { signal: AbortSignal }) {
      for (const piece of pieces) {
        if (typeof piece === "function") await piece();
        else yield piece;
        if (signal.aborted) throw gone();
      }
      await aborted(signal);
      throw gone();
    },
  } as unknown as ControlClient;
}

const gone = () => new FlwrError("cancelled", "The reader went");

function sink(colours = false) {
  const decoder = new TextDecoder();
  const written = { text: "" };
  const stream = {
    writeSync: (bytes: Uint8Array) => {
      written.text += decoder.decode(bytes, { stream: true });
      return bytes.length;
    },
  };
  return { written, stream, colours };
}

Deno.test("log: the log so far ends at the SuperLink's mark, however long it takes", async () => {
  const { written, ...to } = sink();
  const clock = new FakeClock();
  // A part of a long log takes a minute.
  const control = superLink(
    { text: "one\n", latest: 1, caughtUp: false },
    () => clock.advance(60),
    { text: "two\n", latest: 2, caughtUp: true },
    { text: "later\n", latest: 3 },
  );
  assert.equal(await showLog(control, 7n, to, NEVER, 10, clock), "ended");
  assert.equal(written.text, "one\ntwo\n");
});

Deno.test("log: an announced part that does not arrive is an error, after the text so far", async () => {
  const { written, ...to } = sink();
  const clock = new FakeClock();
  const control = superLink({ text: "one", latest: 1, caughtUp: false }, () => clock.advance(1000));
  await assert.rejects(showLog(control, 7n, to, NEVER, 10, clock), { code: "deadline-exceeded" });
  assert.equal(written.text, "one\n");
  const interrupt = new AbortController();
  const stopped = superLink(
    { text: "one", latest: 1, caughtUp: false },
    () => Promise.resolve(interrupt.abort()),
  );
  assert.equal(await showLog(stopped, 7n, to, interrupt.signal, 10, clock), "interrupted");
});

Deno.test("log: without a mark, the log so far ends when no line arrives for a while", async () => {
  for (const [before, seconds] of [["", 9], ["one", 0.5]] as const) {
    const { written, ...to } = sink();
    const clock = new FakeClock();
    const control = superLink(
      ...(before === "" ? [] : [{ text: before, latest: 1 }]),
      () => clock.advance(seconds),
      { text: "two", latest: 2 },
      () => clock.advance(2),
    );
    assert.equal(await showLog(control, 7n, to, NEVER, 10, clock), "ended");
    assert.equal(written.text, `${before}two\n`, "with a line break before later messages");
  }
});

Deno.test("log: after Ctrl-C the line and its colours are ended", async () => {
  for (
    const [text, shown] of [["on", "on\n"], ["on\n", "on\n"], ["", ""], ["a\r", "a\n"]] as const
  ) {
    const { written, ...to } = sink();
    const interrupt = new AbortController();
    const control = superLink({ text, latest: 1 }, () => Promise.resolve(interrupt.abort()));
    assert.equal(await followLog(control, 7n, to, interrupt.signal), "interrupted");
    assert.equal(written.text, shown);
  }
  const { written, ...to } = sink(true);
  const interrupt = new AbortController();
  const red = { text: "\x1b[31mon", latest: 1 };
  const control = superLink(red, () => Promise.resolve(interrupt.abort()));
  await followLog(control, 7n, to, interrupt.signal);
  assert.equal(written.text, "\x1b[31mon\x1b[0m\n");
});
