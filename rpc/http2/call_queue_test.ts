import assert from "node:assert/strict";
import { CallQueue } from "./call_queue.ts";
import { HeaderFields } from "./header_fields.ts";
import { STRANGERS_CALLS } from "./limits.ts";
import { Http2Stream } from "./stream.ts";

const OWNER = { schedule() {}, consumed() {}, reset() {} };

function stream(id: number): Http2Stream {
  return new Http2Stream(id, new HeaderFields([]), "", OWNER, { send: 0, receive: 0 });
}

/** Creates a queue whose calls end when the test calls `ends[id](admitted)`. */
function open() {
  const begun: number[] = [];
  const ends = new Map<number, (admitted: boolean) => void>();
  const queue: CallQueue = new CallQueue({
    answer: ({ id }) => {
      begun.push(id);
      return new Promise((resolve) => ends.set(id, resolve));
    },
    answered: () => queue.start(),
  });
  return { queue, begun, ends };
}

Deno.test("call queue: only a few of a stranger's calls start, and all once one is admitted", async () => {
  const { queue, begun, ends } = open();
  for (let id = 0; id < 3 * STRANGERS_CALLS; id++) queue.add(stream(id));
  queue.start();
  assert.deepEqual([begun.length, queue.waiting], [STRANGERS_CALLS, 2 * STRANGERS_CALLS]);
  ends.get(0)!(false);
  await Promise.resolve();
  assert.deepEqual([begun.length, queue.known], [STRANGERS_CALLS + 1, false]);
  ends.get(1)!(true);
  await Promise.resolve();
  assert.deepEqual(begun, Array.from({ length: 3 * STRANGERS_CALLS }, (_, id) => id));
  assert.deepEqual([queue.waiting, queue.known], [0, true]);
});

Deno.test("call queue: a call removed before its start is forgotten", () => {
  const { queue, begun } = open();
  for (let id = 0; id < STRANGERS_CALLS; id++) queue.add(stream(id));
  queue.start();
  for (let id = STRANGERS_CALLS; id < 1000; id++) {
    const cancelled = stream(id);
    queue.add(cancelled);
    queue.start();
    queue.drop(cancelled);
  }
  assert.deepEqual([begun.length, queue.waiting], [STRANGERS_CALLS, 0]);
});
