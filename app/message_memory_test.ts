import assert from "node:assert/strict";
import { tensor } from "../tensor/tensor.ts";
import { ArrayRecord } from "./array_record.ts";
import { ownBuffers, releaseMessage } from "./message_memory.ts";
import { instruction } from "./testing.ts";

const reply = () =>
  instruction().reply({
    arrays: ArrayRecord.fromTensors({ w: tensor("uint8", [9], new Uint8Array(9)) }),
  });

Deno.test("a released message frees the memory that it owns, and no other", () => {
  const [owner, other] = [reply(), reply()];
  const bufferOf = (message: typeof owner) =>
    message.content.arrayRecord("arrays").get("w")!.data.buffer as ArrayBuffer;
  ownBuffers(owner, [bufferOf(owner)]);
  releaseMessage(other);
  assert.equal(bufferOf(other).detached, false);
  releaseMessage(owner);
  releaseMessage(owner);
  assert.equal(bufferOf(owner).detached, true);
});
