import assert from "node:assert/strict";
import {
  ANSWER_PIECE_BYTES,
  piecesOf,
  responseBody,
  type ResponseSource,
} from "./response_body.ts";
import { Connections } from "./connections.ts";

const PARTS = [Uint8Array.of(1, 2), new Uint8Array(2 * ANSWER_PIECE_BYTES + 5)];

/** Opens a body of {@link PARTS} that the test reads, and records how it ended. */
function open(source: Partial<ResponseSource> = {}) {
  using connections = new Connections();
  const connection = connections.open("127.0.0.1", "127.0.0.1:1")!;
  const pieces = piecesOf(PARTS);
  const ends: [boolean, unknown][] = [];
  const asked: number[] = [];
  const body = responseBody(connection, {
    next: () => {
      const { value } = pieces.next();
      asked.push(value?.length ?? -1);
      return value;
    },
    ended: (whole, error) => ends.push([whole, error]),
    ...source,
  });
  return { connections, connection, reader: body.getReader(), ends, asked };
}

Deno.test("a large response is sent piece by piece, each when the previous one was taken", async () => {
  const { reader, ends, asked } = open();
  const expected = [2, ANSWER_PIECE_BYTES, ANSWER_PIECE_BYTES, 5];
  for (let sent = 0; sent < expected.length; sent++) {
    assert.deepEqual(asked, expected.slice(0, sent));
    const { value } = await reader.read();
    assert.equal(value?.length, expected[sent]);
  }
  assert.deepEqual(ends, []);
  assert.equal((await reader.read()).done, true);
  assert.deepEqual(ends, [[true, undefined]]);
});

Deno.test("nothing more is sent to a disconnected receiver", async () => {
  const { reader, ends, asked } = open();
  await reader.read();
  await reader.cancel();
  assert.deepEqual(ends, [[false, undefined]]);
  assert.deepEqual(asked, [2]);
});

Deno.test("a closed connection ends its response, also one that was not read yet", () => {
  const { connection, ends } = open();
  connection.close();
  assert.deepEqual(ends, [[false, undefined]]);
});

Deno.test("the connection of a receiver that stops reading is closed", async () => {
  const asked: number[] = [];
  const { connection, reader } = open({
    seconds: (bytes) => {
      asked.push(bytes);
      return 0;
    },
  });
  await reader.read();
  await new Promise<void>((resolve) => void connection.onClose(resolve));
  assert.deepEqual(asked, [2]);
});

Deno.test("the connection of a receiver that read everything stays open", async () => {
  const { connection, reader } = open({ seconds: () => 0.001 });
  while (!(await reader.read()).done);
  // A fixed time, because nothing must happen in it: the deadline of 1 ms would close the connection.
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(connection.closed, false);
});

Deno.test("a failing response is truncated, and its connection is closed", async () => {
  const error = new Error("the disk is gone");
  const { connection, reader, ends } = open({ next: () => Promise.reject(error) });
  await assert.rejects(reader.read());
  assert.deepEqual(ends, [[false, error]]);
  assert.equal(connection.closed, true);
});

Deno.test("a connection counts as used until its response was taken", async () => {
  const { connections, reader } = open();
  assert.equal(connections.makeRoom(), false);
  while (!(await reader.read()).done);
  assert.equal(connections.makeRoom(), true);
  assert.equal(connections.count, 0);
});
