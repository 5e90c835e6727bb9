import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  readVector,
  recordedCalls,
  recordedMessages,
  recordedRequests,
  schema19,
} from "../rpc/testing/recorded.ts";

/** Decoded and encoded again, with maps in the order of the wire. */
function roundTrip(schema: DescMessage, bytes: Uint8Array): string {
  return Buffer.from(toBinary(schema, fromBinary(schema, bytes))).toString("hex");
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

Deno.test("messages made by Flower 1.9 decode and encode to the same bytes", () => {
  const messages = recordedMessages();
  assert.equal(messages.length, 15);
  for (const { name, schema, wire, canonical } of messages) {
    assert.equal(roundTrip(schema, wire), hex(wire), name);
    assert.equal(roundTrip(schema, canonical), hex(canonical), name);
  }
});

Deno.test("canonical requests of Flower 1.9 decode and encode to the same bytes", () => {
  for (const { name, schema, canonical } of recordedRequests()) {
    assert.equal(roundTrip(schema, canonical), hex(canonical), name);
  }
});

Deno.test("tasks of Flower 1.9 decode and encode to the same bytes", () => {
  const tasks: { name: string; message: string; hex: string }[] = JSON.parse(
    readVector("tasks.json"),
  );
  for (const { name, message, hex } of tasks) {
    assert.equal(roundTrip(schema19(message), Buffer.from(hex, "hex")), hex, name);
  }
});

for (const service of ["fleet", "driver"] as const) {
  Deno.test(`a recorded ${service} session of Flower 1.9 decodes and encodes to the same bytes`, () => {
    const calls = recordedCalls(service);
    assert.ok(calls.length > 20);
    for (const { path, input, request, output, response } of calls) {
      assert.equal(roundTrip(input, request), hex(request), path);
      assert.equal(roundTrip(output, response), hex(response), path);
    }
  });
}
