import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { ANSWER_PIECE_BYTES } from "../limits.ts";
import { sendPieces } from "./send_pieces.ts";

/** An answer whose receiver takes what it is given when the test says so. */
class FakeResponse extends EventEmitter {
  readonly written: number[] = [];
  closed = false;
  destroyed = false;

  write(piece: Uint8Array): boolean {
    this.written.push(piece.length);
    return false;
  }

  destroy(): void {
    this.destroyed = true;
    this.close();
  }

  close(): void {
    this.closed = true;
    this.emit("close");
  }

  get response(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

const PATIENT = () => 3600;
const parts = [Uint8Array.of(1, 2), new Uint8Array(2 * ANSWER_PIECE_BYTES + 5)];

Deno.test("a large answer goes piece by piece, each when the one before was taken", async () => {
  const fake = new FakeResponse();
  const sending = sendPieces(fake.response, parts, PATIENT);
  const expected = [2, ANSWER_PIECE_BYTES, ANSWER_PIECE_BYTES, 5];
  for (let sent = 1; sent <= expected.length; sent++) {
    await Promise.resolve();
    assert.deepEqual(fake.written, expected.slice(0, sent));
    fake.emit("drain");
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
  await sending;
  assert.equal(fake.destroyed, false);
  assert.deepEqual(fake.eventNames(), []);
});

Deno.test("nothing more is sent to a receiver that is gone", async () => {
  const fake = new FakeResponse();
  const sending = sendPieces(fake.response, parts, PATIENT);
  fake.close();
  await sending;
  assert.deepEqual(fake.written, [2]);
});

Deno.test("a receiver that takes nothing is cut off", async () => {
  const fake = new FakeResponse();
  const asked: number[] = [];
  await sendPieces(fake.response, parts, (bytes) => {
    asked.push(bytes);
    return 0;
  });
  assert.equal(fake.destroyed, true);
  assert.deepEqual(asked, [2]);
});
