import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { PullObjectResponseSchema } from "../proto/gen/current/message_pb.ts";
import { GetFabResponseSchema } from "../proto/gen/current/run_pb.ts";
import { encode, encodeInParts } from "./codec.ts";
import { joinParts } from "../base/bytes.ts";
import { SMALL_BODY_BYTES } from "./limits.ts";

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
