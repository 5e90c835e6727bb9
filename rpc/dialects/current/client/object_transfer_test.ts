import assert from "node:assert/strict";
import { ArrayRecord } from "../../../../app/array_record.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { instruction } from "../../../../app/testing.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { settle } from "../../../../base/testing/settle.ts";
import type { PulledObject } from "../../../../entities/object.ts";
import { tensor } from "../../../../tensor/tensor.ts";
import { makeSmallObject } from "../../../objects/object.ts";
import { deflateMessages } from "./message_objects.ts";
import { fetchObjects, receiveMessage } from "./object_transfer.ts";
import { Parallel } from "./parallel.ts";

const OBJECT = makeSmallObject("ArrayChunk", [], new Uint8Array([1, 2]));

/** Fetches one object from a server with these responses, of which the last is repeated. */
function pull(answers: PulledObject[], signal?: AbortSignal) {
  const clock = new FakeClock();
  const start = clock.now();
  const asked: number[] = [];
  const objects = fetchObjects([OBJECT.id], {
    pull: () => {
      asked.push(clock.now() - start);
      return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1]!);
    },
    parallel: new Parallel(1),
    clock,
    ...(signal && { signal }),
  });
  return { objects, asked, clock };
}

/** Advances the clock after all pending work. */
async function pass(clock: FakeClock, seconds: number): Promise<void> {
  await settle();
  await clock.advance(seconds);
}

Deno.test("object transfer: accepts bytes that match the id", async () => {
  const { objects } = pull([{ found: true, bytes: OBJECT.bytes }]);
  assert.deepEqual(await objects, new Map([[OBJECT.id, OBJECT]]));
});

Deno.test("object transfer: refuses bytes that do not, and objects unknown to the server", async () => {
  const other = makeSmallObject("ArrayChunk", [], new Uint8Array([1, 3]));
  await assert.rejects(pull([{ found: true, bytes: other.bytes }]).objects, { code: "data-loss" });
  await assert.rejects(pull([{ found: true, bytes: new Uint8Array(3) }]).objects, {
    code: "invalid-argument",
  });
  await assert.rejects(pull([{ found: false }]).objects, { code: "not-found" });
});

Deno.test("object transfer: a large body is aligned, and the answer that it came in is freed", async () => {
  const { id, bytes } = makeSmallObject("ArrayChunk", [], new Uint8Array(100_000).fill(1));
  for (const before of [0, 1, 9, 100_000]) {
    const answer = new Uint8Array(before + bytes.length);
    answer.set(bytes, before);
    const objects = await fetchObjects([id], {
      pull: () => Promise.resolve({ found: true, bytes: answer.subarray(before) }),
      parallel: new Parallel(1),
      clock: new FakeClock(),
    });
    const fetched = objects.get(id)!.bytes;
    assert.deepEqual(fetched, bytes, `${before} bytes before`);
    const body = fetched.byteOffset + fetched.indexOf(0) + 1;
    assert.equal(body % 8, 0);
    // An answer that is much larger contains something else.
    const isCopy = fetched.buffer !== answer.buffer;
    assert.equal(answer.buffer.detached, isCopy && before < 100_000, `${before} bytes before`);
  }
});

Deno.test("object transfer: waits for an object that has not arrived, with growing pauses", async () => {
  const { objects, asked, clock } = pull([
    { found: true },
    { found: true },
    { found: true },
    { found: true, bytes: OBJECT.bytes },
  ]);
  for (let step = 0; step < 8; step++) await pass(clock, 0.5);
  assert.equal((await objects).size, 1);
  assert.deepEqual(asked, [0, 0.5, 1.5, 3.5]);
});

Deno.test("object transfer: gives up an object that does not arrive", async () => {
  const { objects, clock, asked } = pull([{ found: true }]);
  const outcome = assert.rejects(objects, { code: "not-found", message: /within 240 s/ });
  for (let step = 0; step < 60; step++) await pass(clock, 5);
  await outcome;
  assert.ok(asked.length < 40);
});

Deno.test("object transfer: stops when its signal is aborted", async () => {
  const controller = new AbortController();
  const { objects } = pull([{ found: true }], controller.signal);
  await Promise.resolve();
  controller.abort();
  await assert.rejects(objects, { code: "cancelled" });
});

Deno.test("object transfer: chunks of one array are freed when it is joined, if its receiver keeps none", async () => {
  const random = Float64Array.from({ length: 800_000 }, (_, i) => i);
  const arrays = ArrayRecord.fromTensors({ w: tensor("float64", [random.length], random) });
  const [message] = await deflateMessages([instruction({}, new RecordDict({ arrays }))]);
  const { id, objects } = message!;
  const chunks = objects.values().filter(({ bytes }) => bytes.length > 100_000).toArray();
  assert.equal(chunks.length, 2);
  for (const freesChunks of [false, true]) {
    const { message: received, objects: pulled } = await receiveMessage(id, objects.keys(), {
      pull: (one) => Promise.resolve({ found: true, bytes: objects.get(one)!.bytes.slice() }),
      parallel: new Parallel(2),
      clock: new FakeClock(),
      freesChunks,
    });
    assert.deepEqual(received.content.arrayRecord("arrays").viewTensors().get("w")!.data, random);
    for (const chunk of chunks) {
      assert.equal(pulled.get(chunk.id)!.bytes.length === 0, freesChunks);
    }
  }
});
