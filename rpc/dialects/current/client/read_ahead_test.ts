import assert from "node:assert/strict";
import { ArrayRecord } from "../../../../app/array_record.ts";
import { instruction } from "../../../../app/testing.ts";
import { tensor } from "../../../../tensor/tensor.ts";
import { readAhead } from "./read_ahead.ts";

const reply = (bytes: number) =>
  instruction().reply({
    arrays: ArrayRecord.fromTensors({ w: tensor("uint8", [bytes], new Uint8Array(bytes)) }),
  });

/** How many messages had been asked for when each was handed out. */
async function asked(bytes: readonly number[]): Promise<number[]> {
  let begun = 0;
  const counts: number[] = [];
  const receive = (size: number) => {
    begun++;
    return Promise.resolve(reply(size));
  };
  for await (const _ of readAhead(bytes, receive)) counts.push(begun);
  return counts;
}

Deno.test("read ahead: large messages are fetched one at a time", async () => {
  assert.deepEqual(await asked([9e6, 9e6, 9e6]), [1, 2, 3]);
});

Deno.test("read ahead: small ones are fetched together, up to a number and a sum of bytes", async () => {
  assert.deepEqual((await asked(Array(40).fill(10))).slice(0, 3), [1, 18, 19]);
  assert.deepEqual((await asked(Array(40).fill(4e6))).slice(0, 3), [1, 4, 5]);
});

Deno.test("read ahead: a failure reaches the caller in its turn", async () => {
  const received: number[] = [];
  const receive = (place: number) =>
    place === 2 ? Promise.reject(new Error("lost")) : Promise.resolve(reply(place));
  await assert.rejects(async () => {
    for await (const _ of readAhead([0, 1, 2, 3], receive)) received.push(1);
  }, { message: "lost" });
  assert.equal(received.length, 2);
});
