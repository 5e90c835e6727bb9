import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { PullObjectResponseSchema } from "../proto/gen/current/message_pb.ts";
import { GetFabResponseSchema } from "../proto/gen/current/run_pb.ts";
import { PushAppMessagesRequestSchema } from "../proto/gen/current/runtime_pb.ts";
import { decode, DECODED_BYTES_PER_TURN, decodeInTurns, encode, encodeInParts } from "./codec.ts";
import { joinParts } from "./http/joined.ts";
import { MAX_BATCH_REQUEST_UNITS, SMALL_BODY_BYTES } from "./limits.ts";
import { turnsDuring } from "../base/testing/turns_during.ts";

const LARGE = new Uint8Array(SMALL_BODY_BYTES + 1).map((_, place) => place);

function whole(parts: readonly Uint8Array[]): Uint8Array {
  return joinParts(parts);
}

Deno.test("a large last field becomes a separate part without a copy", () => {
  const response = { objectFound: true, objectAvailable: true, objectContent: LARGE };
  for (const message of [response, create(PullObjectResponseSchema, response)]) {
    const parts = encodeInParts(PullObjectResponseSchema, message);
    assert.equal(parts.length, 2);
    assert.equal(parts[1], LARGE);
    assert.deepEqual(
      new Uint8Array(whole(parts)),
      new Uint8Array(encode(PullObjectResponseSchema, response)),
    );
    assert.equal(message.objectContent, LARGE, "the message is as it was");
  }
});

Deno.test("small or nested fields are encoded in one part", () => {
  const small = { objectFound: true, objectContent: LARGE.subarray(1) };
  assert.equal(encodeInParts(PullObjectResponseSchema, small).length, 1);
  const nested = { fab: { hashStr: "a", content: LARGE } };
  const [only, ...rest] = encodeInParts(GetFabResponseSchema, nested);
  assert.equal(rest.length, 0);
  assert.deepEqual(new Uint8Array(only!), new Uint8Array(encode(GetFabResponseSchema, nested)));
});

Deno.test("fields that the schema does not know are kept", () => {
  const message = create(PullObjectResponseSchema, { objectContent: LARGE });
  message.$unknown = [{ no: 9, wireType: 0, data: Uint8Array.of(1) }];
  const parts = encodeInParts(PullObjectResponseSchema, message);
  assert.deepEqual(
    new Uint8Array(whole(parts)),
    new Uint8Array(encode(PullObjectResponseSchema, message)),
  );
});

/** Creates a push of messages whose trees have this number of children. */
function batchOf(messages: number, children: number) {
  const leaves = Array.from({ length: children }, (_, place) => ({ objectId: `${place}` }));
  return toBinary(
    PushAppMessagesRequestSchema,
    create(PushAppMessagesRequestSchema, {
      messagesList: Array.from({ length: messages }, (_, place) => ({
        metadata: { messageId: `m${place}`, runId: 7n },
        content: {},
      })),
      messageObjectTrees: Array.from({ length: messages }, (_, place) => ({
        objectId: `m${place}`,
        children: leaves,
      })),
      along: { takesBytes: 5n, confirms: [`m${messages}`] },
    }),
  );
}

Deno.test("a batch is decoded in turns of the event loop with the same result", async () => {
  const bytes = batchOf(200, 1000);
  const { result, turns } = await turnsDuring(() =>
    decodeInTurns(PushAppMessagesRequestSchema, bytes, MAX_BATCH_REQUEST_UNITS)
  );
  assert.deepEqual(result, decode(PushAppMessagesRequestSchema, bytes));
  // Each part ends with the field that fills it.
  const largest = DECODED_BYTES_PER_TURN + Math.ceil(bytes.length / 200);
  assert.ok(turns >= Math.floor(bytes.length / largest), `${turns} turns`);
  assert.ok(turns <= bytes.length / DECODED_BYTES_PER_TURN, `${turns} turns`);
});

Deno.test("a single message field in several pieces is merged across turns", async () => {
  const padding = batchOf(1, 30_000);
  // An unknown group, with fields inside.
  const group = Uint8Array.of(0xfb, 0x07, 0xf8, 0x07, 1, 0xfc, 0x07);
  const bytes = new Uint8Array([...padding, ...group, ...padding]);
  const result = await decodeInTurns(
    PushAppMessagesRequestSchema,
    bytes,
    MAX_BATCH_REQUEST_UNITS,
  );
  assert.deepEqual(result, decode(PushAppMessagesRequestSchema, bytes));
  assert.deepEqual(result.along?.confirms, ["m1", "m1"]);
});

Deno.test("a small batch takes one turn; one that is truncated or has too many fields is refused", async () => {
  const schema = PushAppMessagesRequestSchema;
  const bytes = batchOf(2, 10);
  const small = await turnsDuring(() => decodeInTurns(schema, bytes, MAX_BATCH_REQUEST_UNITS));
  assert.equal(small.turns, 0);
  assert.deepEqual(await decodeInTurns(schema, new Uint8Array(), 10), create(schema));
  await assert.rejects(decodeInTurns(schema, bytes, 10), { api: "request-malformed" });
  const large = batchOf(200, 1000);
  await assert.rejects(decodeInTurns(schema, large.subarray(0, -1), MAX_BATCH_REQUEST_UNITS));
});
