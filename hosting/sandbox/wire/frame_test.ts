import {
  BODY_ALIGNMENT,
  ByteRun,
  decodeFrames,
  encodeFrame,
  type FrameLimits,
  MAX_DEPTH,
  MAX_FRAME_BODY_BYTES,
  MAX_FRAME_TEXT_BYTES,
} from "./frame.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { doubles } from "../../../base/testing/doubles.ts";

const LIMITS: FrameLimits = { textBytes: MAX_FRAME_TEXT_BYTES.fromApp };

/** Bytes in chunks of a given length. */
async function* chunks(bytes: Uint8Array, length = bytes.length || 1) {
  for (let at = 0; at < bytes.length; at += length) {
    await Promise.resolve();
    yield bytes.subarray(at, at + length);
  }
}

const joined = (values: readonly unknown[]) =>
  new Uint8Array(values.flatMap((value) => encodeFrame(value).flatMap((piece) => [...piece])));

async function decoded(bytes: Uint8Array, length?: number): Promise<unknown[]> {
  const frames = await Array.fromAsync(decodeFrames(chunks(bytes, length), LIMITS));
  return frames.map(({ value }) => value);
}

function head(textLength: number, bodyLength: number, magic = "flwr"): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(magic));
  view.setUint32(4, textLength, true);
  view.setFloat64(8, bodyLength, true);
  return bytes;
}

const VALUES = [
  { kind: "handle", id: 2n ** 64n - 1n, low: -(2n ** 63n) },
  [NaN, Infinity, -Infinity, -0, 0, 0.1, null, true, "ä\u0000\n"],
  { bytes: Uint8Array.of(1, 2, 3), more: [new Uint8Array(0), new Uint8Array(100).fill(7)] },
  {},
];

Deno.test("values are decoded as they were encoded, however the bytes are split", async () => {
  const bytes = joined(VALUES);
  for (const length of [1, 7, 64, bytes.length]) {
    assert.deepEqual(await decoded(bytes, length), VALUES);
  }
});

Deno.test("any value is decoded as it was encoded", async () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      fc.string(),
      doubles,
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
      fc.boolean(),
      fc.uint8Array({ maxLength: 200 }),
      fc.array(tie("any"), { maxLength: 5 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie("any"), { noNullPrototype: true }),
    ),
  })).any;
  await fc.assert(
    fc.asyncProperty(value, fc.integer({ min: 1, max: 300 }), async (sent, length) => {
      assert.deepEqual(await decoded(joined([sent]), length), [sent]);
    }),
    { seed: 7, numRuns: 300 },
  );
});

Deno.test("byte arrays are views of the frame's body, aligned for their elements", async () => {
  const sent = [Uint8Array.of(1), new Uint8Array(8).fill(2)];
  const { value: frame } = await decodeFrames(chunks(joined([sent])), LIMITS).next();
  const [, second] = frame!.value as Uint8Array[];
  assert.equal(second!.buffer, frame!.body);
  assert.equal(second!.byteOffset, BODY_ALIGNMENT);
});

Deno.test("encoding does not copy arrays", () => {
  const array = new Uint8Array(1000);
  assert.ok(encodeFrame({ array }).includes(array));
});

Deno.test("a ByteRun arrives as one byte array, with each part aligned", async () => {
  const run = new ByteRun([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
  const [value] = await decoded(joined([{ before: Uint8Array.of(9), run, none: new ByteRun([]) }]));
  const { before, run: arrived, none } = value as Record<string, Uint8Array>;
  assert.deepEqual([...before!], [9]);
  assert.deepEqual(
    [arrived!.length, arrived![0], arrived![1], arrived![BODY_ALIGNMENT]],
    [BODY_ALIGNMENT + 1, 1, 2, 3],
  );
  assert.equal(none!.length, 0);
});

Deno.test("a body that is too long for its text is skipped and discarded", async () => {
  const limits = { ...LIMITS, keptBytes: (text: unknown) => (text as { max: number }).max };
  const sent = [{ max: 99, bytes: new Uint8Array(100) }, { max: 100, bytes: new Uint8Array(100) }];
  for (const length of [1, 64, 4096]) {
    const frames = await Array.fromAsync(decodeFrames(chunks(joined(sent), length), limits));
    const seen = frames.map(({ value, omitted, body }) => [
      (value as { bytes: Uint8Array }).bytes.length,
      omitted,
      body.byteLength,
    ]);
    assert.deepEqual(seen, [[0, 100, 0], [100, 0, 100]]);
  }
});

Deno.test("a text that is too long is not parsed", async () => {
  const text = new TextEncoder().encode(`[${"[],".repeat(100_000)}1]`);
  let read = 0;
  async function* counted() {
    for await (const chunk of chunks(new Uint8Array([...head(text.length, 0), ...text]), 64)) {
      read += chunk.length;
      yield chunk;
    }
  }
  await assert.rejects(Array.fromAsync(decodeFrames(counted(), LIMITS)), {
    code: "resource-exhausted",
  });
  assert.equal(read, 64);
});

const REFUSED: Readonly<Record<string, readonly [bytes: Uint8Array, message: RegExp]>> = {
  "other bytes": [new Uint8Array(16), /Malformed frame/],
  "a body of a negative length": [head(0, -1), /Malformed frame/],
  "a body of no length": [head(0, NaN), /Malformed frame/],
  "a text that is too long": [head(MAX_FRAME_TEXT_BYTES.fromApp + 1, 0), /is too long/],
  "a body that is too long": [head(0, MAX_FRAME_BODY_BYTES + 1), /is too long/],
  "an end in the head": [head(0, 0).subarray(0, 9), /ends within a frame/],
  "an end in the text": [joined([{ a: 1 }]).subarray(0, -1), /ends within a frame/],
  "an end before the body": [joined([Uint8Array.of(1)]).subarray(0, -1), /ends within a frame/],
};

for (const [what, [bytes, message]] of Object.entries(REFUSED)) {
  Deno.test(`refused: ${what}`, async () => {
    await assert.rejects(decoded(bytes), { name: "FlwrError", message });
  });
}

const TEXTS = {
  "nested too deep": "[".repeat(MAX_DEPTH + 2) + "]".repeat(MAX_DEPTH + 2),
  "nested without end": "[".repeat(100_000) + "]".repeat(100_000),
  "no JSON": "{",
  "no UTF-8": new Uint8Array([0x22, 0xff, 0x22]),
  "an absurd number": `{"$number":"1e400"}`,
  "an integer that is code": `{"$bigint":"0x10"}`,
  "an integer without end": `{"$bigint":"${"9".repeat(1000)}"}`,
  "bytes before the body": `{"$bytes":[-1,1]}`,
  "bytes behind the body": `{"$bytes":[0,1]}`,
  "bytes without a place": `{"$bytes":{"length":2}}`,
};

for (const [what, text] of Object.entries(TEXTS)) {
  Deno.test(`refused: ${what}`, async () => {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    await assert.rejects(decoded(new Uint8Array([...head(bytes.length, 0), ...bytes])), {
      code: "invalid-argument",
    });
  });
}

Deno.test("a field named __proto__ is an ordinary field", async () => {
  const text = new TextEncoder().encode(`{"__proto__":{"polluted":true},"constructor":1}`);
  const [value] = await decoded(new Uint8Array([...head(text.length, 0), ...text]));
  assert.equal("polluted" in {}, false);
  assert.deepEqual(Object.keys(value as object), ["__proto__", "constructor"]);
});

Deno.test("changed bytes decode to another value or throw a FlwrError", async () => {
  const bytes = joined(VALUES);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      async (changes) => {
        const changed = bytes.slice();
        for (const [at, to] of changes) changed[at] = to;
        try {
          await decoded(changed);
        } catch (error) {
          assert.ok(error instanceof FlwrError, String(error));
        }
      },
    ),
    { seed: 11, numRuns: 2000 },
  );
});
