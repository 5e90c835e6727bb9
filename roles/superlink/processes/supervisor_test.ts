import assert from "node:assert/strict";
import { FakeClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { settle } from "../../../base/testing/settle.ts";
import { type ProcessEvent, type SupervisedProcess, Supervisor } from "./supervisor.ts";

/** A process that serves and ends when the test says so. */
interface FakeProcess extends SupervisedProcess {
  readonly number: number;
  readonly signals: Deno.Signal[];
  serve(): void;
  end(how: string): Promise<void>;
}

function supervised(count: number) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const started: FakeProcess[] = [];
  const events: ProcessEvent[] = [];
  let ready = 0;
  const supervisor = new Supervisor({
    count,
    clock,
    start(number) {
      const [serves, ends] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
      const signals: Deno.Signal[] = [];
      const process: FakeProcess = {
        number,
        pid: 100 + started.length,
        ready: serves.promise,
        ended: ends.promise,
        signals,
        signal: (signal) => void signals.push(signal),
        serve: () => serves.resolve(),
        end: async (how) => {
          ends.resolve(how);
          await settle();
        },
      };
      started.push(process);
      return process;
    },
    onReady: () => ready++,
    onEvent: (event) => void events.push(event),
  });
  const ended = supervisor.run(stop.signal).then(() => "done", (error: FlwrError) => error);
  return { clock, stop, started, events, ended, supervisor, timesReady: () => ready };
}

Deno.test("all are ready once, and all get signals", async () => {
  const { started, supervisor, timesReady, stop, ended } = supervised(2);
  started[0]!.serve();
  await settle();
  assert.equal(timesReady(), 0);
  // The signal would end a process that only starts.
  supervisor.reload();
  assert.deepEqual(started.map(({ signals }) => signals), [["SIGHUP"], []]);
  started[1]!.serve();
  await settle();
  assert.equal(timesReady(), 1);
  supervisor.reload();
  stop.abort();
  assert.deepEqual(started.map(({ signals }) => signals), [
    ["SIGHUP", "SIGHUP", "SIGTERM"],
    ["SIGHUP", "SIGTERM"],
  ]);
  for (const process of started) await process.end("exit status 0");
  assert.equal(await ended, "done");
  assert.equal(started.length, 2);
});

Deno.test("a process that ends starts again after a pause, which grows while it ends early", async () => {
  const { clock, started, events, timesReady, stop, ended } = supervised(2);
  for (const process of started) process.serve();
  await settle();
  for (const pause of [1, 2, 4]) {
    const { length } = started;
    const last = started.findLast(({ number }) => number === 2)!;
    await last.end("SIGKILL");
    assert.deepEqual(events.at(-1), {
      kind: "process-ended",
      number: 2,
      end: "SIGKILL",
      pauseSeconds: pause,
    });
    await clock.advance(pause - 0.5);
    await settle();
    assert.equal(started.length, length);
    await clock.advance(0.5);
    await settle();
    assert.equal(started.length, length + 1);
    started.at(-1)!.serve();
  }
  // It ran long enough: the next pause is the first again.
  await clock.advance(61);
  await started.at(-1)!.end("exit status 1");
  assert.equal((events.at(-1) as { pauseSeconds: number }).pauseSeconds, 1);
  assert.equal(timesReady(), 1);
  // In a pause, the stop does not wait for the process.
  stop.abort();
  await started[0]!.end("exit status 0");
  assert.equal(await ended, "done");
});

Deno.test("one that turns out to have served after its end gets no signals", async () => {
  const { clock, started, supervisor, stop, ended } = supervised(1);
  started[0]!.serve();
  await settle();
  await started[0]!.end("SIGKILL");
  await clock.advance(1);
  const late = started[1]!;
  await late.end("SIGKILL");
  late.serve();
  await clock.advance(2);
  started[2]!.serve();
  await settle();
  supervisor.reload();
  assert.deepEqual(started.map(({ signals }) => signals), [[], [], ["SIGHUP"]]);
  stop.abort();
  await started[2]!.end("exit status 0");
  assert.equal(await ended, "done");
});

Deno.test("one that ends before it has served ends all", async () => {
  const { started, ended } = supervised(2);
  started[0]!.serve();
  await started[1]!.end("exit status 1");
  assert.deepEqual(started[0]!.signals, ["SIGTERM"]);
  await started[0]!.end("exit status 0");
  const error = await ended;
  assert.ok(error instanceof FlwrError);
  assert.equal(error.code, "failed-precondition");
  assert.match(error.message, /Process 2 .*exit status 1/);
});

Deno.test("one that ends again and again ends all", async () => {
  const { clock, started, ended } = supervised(2);
  for (const process of started) process.serve();
  await settle();
  for (let end = 1; end <= 8; end++) {
    await started.findLast(({ number }) => number === 1)!.end("SIGSEGV");
    if (end < 8) await clock.advance(30);
    await settle();
  }
  assert.deepEqual(started[1]!.signals, ["SIGTERM"]);
  await started[1]!.end("exit status 0");
  const error = await ended;
  assert.ok(error instanceof FlwrError);
  assert.equal(error.code, "unavailable");
  assert.match(error.message, /Process 1 ended 8 times/);
});
