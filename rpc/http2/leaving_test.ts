import assert from "node:assert/strict";
import { callHead, headersFrame } from "../testing/raw_http2.ts";
import { Http2Connection } from "./connection.ts";
import {
  ERROR,
  FRAME,
  frame,
  FRAME_HEAD_BYTES,
  PREFACE,
  readHead,
  readUint32,
  uint32s,
} from "./protocol.ts";
import { StrangersTurn } from "./strangers_turn.ts";

const OPTIONS = {
  answer: () => Promise.resolve(false),
  maxStreams: 1,
  windowBytes: 65_535,
  strangersTurn: new StrangersTurn(1),
};

/** A client's end of a connection. */
class Peer {
  readonly #coming = new TransformStream<Uint8Array, Uint8Array>();
  readonly #reader = this.#coming.readable.getReader();
  readonly #writer = this.#coming.writable.getWriter();
  readonly #seen: Uint8Array[] = [];
  #seenSome = Promise.withResolvers<void>();
  isClosed = false;

  readonly socket = {
    peer: "192.0.2.1:1",
    read: async (into: Uint8Array) => {
      const { value } = await this.#reader.read();
      if (value === undefined) return null;
      into.set(value);
      return value.length;
    },
    write: (bytes: Uint8Array) => {
      this.#seen.push(bytes.slice());
      this.#seenSome.resolve();
      this.#seenSome = Promise.withResolvers<void>();
      return Promise.resolve(bytes.length);
    },
    close: () => {
      this.isClosed = true;
      this.end();
    },
  };

  /** Sends bytes, at most as many as a connection reads at a time. */
  send(...bytes: readonly Uint8Array[]): void {
    for (const part of bytes) this.#writer.write(part).catch(() => {});
  }

  end(): void {
    this.#writer.close().catch(() => {});
  }

  /** The payload of the first frame of a type that came, on a stream. */
  async sees(type: number, id: number): Promise<Uint8Array> {
    while (true) {
      const some = this.#seenSome.promise;
      for (const bytes of this.#seen) {
        for (let at = 0; at < bytes.length;) {
          const head = readHead(bytes, at);
          const start = at + FRAME_HEAD_BYTES;
          at = start + head.length;
          if (head.type === type && head.streamId === id) return bytes.subarray(start, at);
        }
      }
      await some;
    }
  }
}

Deno.test("http2: a call on its way to a connection that is left is refused, to be made elsewhere", async () => {
  const peer = new Peer();
  const connection = new Http2Connection(peer.socket, OPTIONS);
  const served = connection.serve();
  peer.send(PREFACE, frame(FRAME.settings, 0, 0));
  await peer.sees(FRAME.settings, 0);
  connection.leave();
  assert.equal(readUint32(await peer.sees(FRAME.goaway, 0), 0), 0);
  peer.send(headersFrame(1, callHead("/any"), 0));
  assert.deepEqual(
    await peer.sees(FRAME.rstStream, 1),
    uint32s(ERROR.refusedStream),
  );
  assert.equal(peer.isClosed, false);
  peer.end();
  await served;
  assert.ok(peer.isClosed);
});

Deno.test("http2: a client that said that it makes no more calls is not waited for", async () => {
  const peer = new Peer();
  const connection = new Http2Connection(peer.socket, OPTIONS);
  const served = connection.serve();
  peer.send(PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.goaway, 0, 0, uint32s(0, 0)));
  await served;
  assert.ok(peer.isClosed);
});

Deno.test("http2: a connection that was left is closed, though its peer takes no bytes", async () => {
  let isClosed = false;
  const closed = Promise.withResolvers<void>();
  const connection = new Http2Connection({
    peer: "192.0.2.1:1",
    read: () => closed.promise.then(() => null),
    write: () => closed.promise.then(() => Promise.reject(new Error("closed"))),
    close: () => {
      isClosed = true;
      closed.resolve();
    },
  }, OPTIONS);
  const served = connection.serve();
  connection.leave();
  await served;
  assert.ok(isClosed);
});
