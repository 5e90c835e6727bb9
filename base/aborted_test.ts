import assert from "node:assert/strict";
import { aborted, unlessAborted } from "./aborted.ts";

Deno.test("aborted: resolves when the signal is aborted, or was before", async () => {
  const stop = new AbortController();
  const seen = aborted(stop.signal);
  stop.abort();
  await seen;
  await aborted(stop.signal);
});

Deno.test("unless aborted: work gives its result or its error", async () => {
  const { signal } = new AbortController();
  assert.equal(await unlessAborted(Promise.resolve(3), signal), 3);
  await assert.rejects(unlessAborted(Promise.reject(new Error("broken")), signal), /broken/);
});

Deno.test("unless aborted: an aborted signal ends the wait, and a later error of the work is ignored", async () => {
  const stop = new AbortController();
  const work = Promise.withResolvers<number>();
  const waiting = unlessAborted(work.promise, stop.signal, () => new Error("stopped"));
  stop.abort(new Error("why"));
  await assert.rejects(waiting, /stopped/);
  await assert.rejects(unlessAborted(work.promise, stop.signal), /why/);
  await assert.rejects(unlessAborted(Promise.resolve(3), stop.signal), /why/);
  work.reject(new Error("late"));
  await Promise.resolve(); // an unhandled rejection would fail this test
});

Deno.test("unless aborted: leaves no listener on the signal", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  signal.addEventListener = () => listeners++;
  signal.removeEventListener = () => listeners--;
  await unlessAborted(Promise.resolve(), signal);
  await unlessAborted(Promise.reject(new Error()), signal).catch(() => {});
  assert.equal(listeners, 0);
});
