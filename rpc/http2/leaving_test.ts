import assert from "node:assert/strict";
import { callHeaders, headersFrame } from "../testing/raw_http2.ts";
import { Http2Connection } from "./connection.ts";
import { DRAIN_MS } from "./limits.ts";
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
import type { Http2Stream } from "./stream.ts";
import { StrangersTurn } from "./strangers_turn.ts";

const OPTIONS = {
  answer: () => Promise.resolve(false),
  maxStreams: 1,
  windowBytes: 65_535,
  strangersTurn: new StrangersTurn(1),
};

/** The client's end of a connection. */
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

  /** The payload of the first received frame of a type on a stream. */
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

Deno.test("http2: a call that reaches a draining connection is refused, so the client repeats it elsewhere", async () => {
  const peer = new Peer();
  const connection = new Http2Connection(peer.socket, OPTIONS);
  const served = connection.serve();
  peer.send(PREFACE, frame(FRAME.settings, 0, 0));
  await peer.sees(FRAME.settings, 0);
  connection.drain();
  assert.equal(readUint32(await peer.sees(FRAME.goaway, 0), 0), 0);
  peer.send(headersFrame(1, callHeaders("/any"), 0));
  assert.deepEqual(
    await peer.sees(FRAME.rstStream, 1),
    uint32s(ERROR.refusedStream),
  );
  assert.equal(peer.isClosed, false);
  peer.end();
  await served;
  assert.ok(peer.isClosed);
});

/** Timers of one length that expire only when the test says so; all others run normally. */
class HeldTimers implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  #waiting: (() => void)[] = [];

  constructor(milliseconds: number) {
    globalThis.setTimeout = ((act: () => void, delay: number, ...args: []) => {
      if (delay !== milliseconds) return this.#setTimeout(act, delay, ...args);
      this.#waiting.push(act);
      return 0;
    }) as typeof setTimeout;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  expire(): void {
    const due = this.#waiting;
    this.#waiting = [];
    for (const act of due) act();
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
  }
}

Deno.test("http2: a draining connection does not wait for a client that sent GOAWAY", async () => {
  // Without the client's GOAWAY the connection would wait for this timer.
  using farewell = new HeldTimers(DRAIN_MS);
  const peer = new Peer();
  const connection = new Http2Connection(peer.socket, OPTIONS);
  const served = connection.serve();
  peer.send(PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.goaway, 0, 0, uint32s(0, 0)));
  await served;
  assert.ok(peer.isClosed);
  assert.equal(farewell.waiting, 0);
});

Deno.test("http2: open calls of a draining connection are answered first", async () => {
  using farewell = new HeldTimers(DRAIN_MS);
  const called = Promise.withResolvers<Http2Stream>();
  const done = Promise.withResolvers<boolean>();
  const peer = new Peer();
  const connection = new Http2Connection(peer.socket, {
    ...OPTIONS,
    answer: (stream) => (called.resolve(stream), done.promise),
  });
  const served = connection.serve();
  peer.send(PREFACE, frame(FRAME.settings, 0, 0), headersFrame(1, callHeaders("/any"), 0));
  const stream = await called.promise;
  connection.drain();
  assert.equal(readUint32(await peer.sees(FRAME.goaway, 0), 0), 1);
  assert.deepEqual([peer.isClosed, connection.streams, farewell.waiting], [false, 1, 0]);
  connection.reset(stream, ERROR.cancel);
  await peer.sees(FRAME.rstStream, 1);
  assert.deepEqual([peer.isClosed, farewell.waiting], [false, 1]);
  farewell.expire();
  await served;
  assert.ok(peer.isClosed);
  done.resolve(true);
});

Deno.test("http2: a draining connection is closed even if its peer reads nothing", async () => {
  using farewell = new HeldTimers(DRAIN_MS);
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
  connection.drain();
  assert.deepEqual([isClosed, farewell.waiting], [false, 1]);
  farewell.expire();
  await served;
  assert.ok(isClosed);
});
