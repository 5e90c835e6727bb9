import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import {
  type StreamLogsResponse,
  StreamLogsResponseSchema,
} from "../../../proto/gen/current/control_pb.ts";
import type { Channel } from "../../../rpc/channel.ts";
import {
  ControlClient,
  type RunLogChunk,
} from "../../../rpc/dialects/current/client/control_client.ts";
import { FakeClock } from "../../../base/clock.ts";
import { settle } from "../../../base/testing/settle.ts";
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
  const reported: string[] = [];
  const stream = {
    writeSync: (bytes: Uint8Array) => {
      written.text += decoder.decode(bytes, { stream: true });
      return bytes.length;
    },
  };
  return { written, stream, colours, reported, report: (line: string) => void reported.push(line) };
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

/** A message of the stream, seconds without one, or the end of the connection. */
type Step = StreamLogsResponse | number | FlwrError;

const AWAY = new FlwrError("unavailable", "The connection broke");
const line = (logOutput: string): Step =>
  create(StreamLogsResponseSchema, { logOutput, latestTimestamp: 1, whole: true });

/** Follows the log of a SuperLink that answers each attempt with its steps. The clock moves by itself. */
async function follow(...attempts: readonly (readonly Step[])[]) {
  const clock = new FakeClock();
  const left = [...attempts];
  const channel: Channel = {
    address: "superlink",
    // Called only after a loss, to find out whether the SuperLink is back.
    call: () => {
      if (left[0]?.[0] === AWAY) return Promise.reject(left.shift()![0]);
      return Promise.resolve({ response: { runDict: {} } as never, header: () => undefined });
    },
    async *stream() {
      for (const step of left.shift() ?? []) {
        if (step instanceof FlwrError) throw step;
        if (typeof step === "number") await clock.sleep(step);
        else yield step as never;
      }
    },
    close: () => {},
  };
  const { written, reported, ...to } = sink();
  let isOver = false;
  const end = followLog(new ControlClient(channel, clock), 7n, to, NEVER)
    .catch((error) => FlwrError.from(error).code)
    .finally(() => isOver = true);
  while (!isOver) {
    await settle();
    await clock.advance(1);
  }
  return { end: await end, text: written.text, reported, unused: left.length };
}

Deno.test("log: a lost connection is reported once, and once more when it is back", async () => {
  const failures = Array.from({ length: 20 }, () => [AWAY]);
  const end = await follow([line("one\n"), AWAY], ...failures, [line("two\n")]);
  assert.deepEqual([end.end, end.text], ["ended", "one\ntwo\n"]);
  assert.equal(end.reported.length, 2, end.reported.join("\n"));
  assert.match(end.reported[0]!, /connection broke.* 59 s/);
});

Deno.test("log: a connection that is back at the first attempt is not reported", async () => {
  const end = await follow([line("one\n"), AWAY], [line("two\n"), 50, AWAY], [line("three\n")]);
  assert.deepEqual(end, { end: "ended", text: "one\ntwo\nthree\n", reported: [], unused: 0 });
});

Deno.test("log: an app that wrote nothing for minutes is followed after a broken connection, too", async () => {
  const end = await follow([line("one\n"), 600, AWAY], [AWAY], [600, AWAY], [line("two\n")]);
  assert.deepEqual([end.end, end.text, end.reported.length], ["ended", "one\ntwo\n", 2]);
});

Deno.test("log: after a minute without the SuperLink, or with one that ends each stream, following fails", async () => {
  const away = Array.from({ length: 200 }, () => [AWAY]);
  const gone = await follow([line("one\n"), AWAY], ...away);
  assert.deepEqual([gone.end, gone.reported.length], ["unavailable", 1]);
  assert.ok(gone.unused > 130 && gone.unused < 150, `${gone.unused}`);
  const broken = Array.from({ length: 200 }, () => [0, AWAY]);
  const ended = await follow([line("one\n"), AWAY], ...broken);
  assert.deepEqual([ended.end, ended.reported.length], ["unavailable", 2]);
});

Deno.test("log: a report does not share a line with the log, and adds nothing to it", async () => {
  const end = await follow([line("half a "), AWAY], [AWAY], [line("line\n")]);
  assert.equal(end.text, "half a line\n");
  assert.deepEqual(end.reported.map((message) => message === ""), [true, false, false]);
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
