import assert from "node:assert/strict";
import fc from "fast-check";
import { lengthPrefixed, messagesIn } from "./frames.ts";

/** Splits bytes at random places, as a network may. */
async function* cut(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const cuts = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  let start = 0;
  for (const end of cuts.sort((a, b) => a - b)) {
    yield await Promise.resolve(bytes.slice(start, end));
    start = end;
  }
}

function joinAll(messages: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(messages.flatMap((message) => [...lengthPrefixed(message)]));
}

Deno.test("a message follows its length, the highest byte first", () => {
  assert.deepEqual([...lengthPrefixed(Uint8Array.of(7, 8))], [0, 0, 0, 2, 7, 8]);
  assert.deepEqual([...lengthPrefixed(new Uint8Array(0x010203)).slice(0, 4)], [0, 1, 2, 3]);
});

Deno.test("messages arrive complete, however the network divides them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
      fc.array(fc.nat(3000), { maxLength: 20 }),
      async (messages, places) => {
        const bytes = joinAll(messages);
        const arrived = await Array.fromAsync(messagesIn(cut(bytes, places), 1000));
        assert.deepEqual(arrived.map((message) => [...message]), messages.map((m) => [...m]));
      },
    ),
  );
});

Deno.test("a stream that ends within a message, or announces too large a one, is refused", async () => {
  const bytes = lengthPrefixed(Uint8Array.of(1, 2, 3));
  for (let length = 1; length < bytes.length; length++) {
    await assert.rejects(Array.fromAsync(messagesIn(cut(bytes.slice(0, length), []), 3)), {
      code: "unavailable",
    });
  }
  await assert.rejects(Array.fromAsync(messagesIn(cut(bytes, []), 2)), {
    code: "data-loss",
    message: "A message of 3 bytes is too large",
  });
});
