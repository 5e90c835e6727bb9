import { joinBytes } from "../../base/bytes.ts";
import { MAX_CONTROL_BYTES, WRITE_BATCH_BYTES } from "./limits.ts";
import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  ERROR,
  FLAG,
  FRAME,
  frame,
  FRAME_HEAD_BYTES,
  MAX_WINDOW_BYTES,
  MIN_MAX_FRAME_BYTES,
  uint32s,
  writeHead,
} from "./protocol.ts";
import type { ByteSocket } from "./socket.ts";
import type { Http2Stream } from "./stream.ts";

/** Callbacks of an {@link Outbox}. */
export interface OutboxListener {
  /** Called when bytes of content were handed to the network. */
  sent(bytes: number): void;
  /** Called when a stream's whole response was handed to the network. */
  ended(stream: Http2Stream): void;
  /** Called when writing failed, because the connection is broken. */
  broken(): void;
}

/**
 * Sends the frames of one connection in batches: control frames first, then each stream's frames in turn, as far as
 * the peer's windows allow.
 */
export class Outbox {
  /** The largest frame payload that the peer accepts. */
  maxFrameBytes = MIN_MAX_FRAME_BYTES;
  readonly #socket: ByteSocket;
  readonly #listener: OutboxListener;
  readonly #ready = new Set<Http2Stream>();
  #control: Uint8Array[] = [];
  #controlBytes = 0;
  /** The peer's receive window for all streams together. */
  #window = DEFAULT_WINDOW_BYTES;
  #starved = new Set<Http2Stream>();
  #sending = false;
  #sent = Promise.resolve();
  #closed = false;

  constructor(socket: ByteSocket, listener: OutboxListener) {
    this.#socket = socket;
    this.#listener = listener;
  }

  /** Settles when nothing more can be sent at the moment. */
  get idle(): Promise<void> {
    return this.#sent;
  }

  /**
   * Sends a control frame, which belongs to no response.
   *
   * @throws ConnectionError if too many wait, because the peer does not read
   */
  control(bytes: Uint8Array): void {
    if (this.#controlBytes + bytes.length > MAX_CONTROL_BYTES) {
      throw new ConnectionError(ERROR.enhanceYourCalm, "The peer does not read its answers");
    }
    this.#control.push(bytes);
    this.#controlBytes += bytes.length;
    this.#pump();
  }

  /** Schedules a stream that has something to send. */
  schedule(stream: Http2Stream): void {
    this.#ready.add(stream);
    this.#pump();
  }

  /** Removes a stream. */
  drop(stream: Http2Stream): void {
    this.#ready.delete(stream);
    this.#starved.delete(stream);
  }

  /** Enlarges the window for all streams together. @throws ConnectionError */
  widen(bytes: number): void {
    this.#window += bytes;
    if (this.#window > MAX_WINDOW_BYTES) {
      throw new ConnectionError(ERROR.flowControl, "The connection's window is too large");
    }
    for (const stream of this.#starved) this.#ready.add(stream);
    this.#starved.clear();
    this.#pump();
  }

  /** Stops sending. */
  close(): void {
    this.#closed = true;
    this.#ready.clear();
    this.#starved.clear();
    this.#control = [];
  }

  #pump(): void {
    if (this.#closed || this.#sending) return;
    this.#sending = true;
    this.#sent = this.#send();
  }

  async #send(): Promise<void> {
    // Everything answered in this turn goes into the same batch.
    await Promise.resolve();
    while (!this.#closed) {
      const batch = this.#nextBatch();
      if (batch === undefined) {
        // Set in the same turn as the check that found nothing, so later frames start a new pump.
        this.#sending = false;
        return;
      }
      try {
        for (let rest = batch.bytes; rest.length > 0 && !this.#closed;) {
          rest = rest.subarray(await this.#socket.write(rest));
        }
      } catch {
        return this.#listener.broken();
      }
      if (this.#closed) return;
      this.#listener.sent(batch.content);
      for (const stream of batch.ended) this.#listener.ended(stream);
    }
  }

  #nextBatch(): { bytes: Uint8Array; content: number; ended: Http2Stream[] } | undefined {
    const parts = this.#control;
    let length = this.#controlBytes;
    this.#control = [];
    this.#controlBytes = 0;
    let content = 0;
    const ended: Http2Stream[] = [];
    while (this.#ready.size > 0 && length < WRITE_BATCH_BYTES) {
      const [stream] = this.#ready as Set<Http2Stream> & Iterable<Http2Stream>;
      this.#ready.delete(stream!);
      for (const part of this.#framesOf(stream!, WRITE_BATCH_BYTES - length, ended)) {
        parts.push(part);
        length += part.length;
        content += part.length;
      }
    }
    if (parts.length === 0) return undefined;
    return { bytes: parts.length === 1 ? parts[0]! : joinBytes(parts), content, ended };
  }

  /** One DATA frame of a stream, with the headers around it; then it is another stream's turn. */
  #framesOf(stream: Http2Stream, room: number, ended: Http2Stream[]): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const { outgoing } = stream;
    let bodies = 0;
    for (let next = outgoing[0]; next !== undefined; next = outgoing[0]) {
      if (next.kind === "headers") {
        const flags = FLAG.endHeaders | (next.last ? FLAG.endStream : 0);
        frames.push(frame(FRAME.headers, flags, stream.id, next.bytes));
        outgoing.shift();
      } else {
        if (bodies++ > 0) {
          this.#ready.add(stream);
          break;
        }
        const length = this.#allowed(stream, next.bytes.length, room);
        if (length === 0 && next.bytes.length > 0) break;
        frames.push(dataFrame(stream.id, next.bytes.subarray(0, length)));
        this.#window -= length;
        stream.sendWindow -= length;
        next.bytes = next.bytes.subarray(length);
        stream.contentSent(length);
        if (next.bytes.length > 0) {
          this.#ready.add(stream);
          break;
        }
        outgoing.shift();
      }
      if (next.last) {
        stream.localEnded = true;
        ended.push(stream);
        // The caller need not send the rest of a request that has its response (RFC 9113, section 8.1).
        if (!stream.remoteEnded) frames.push(frame(FRAME.rstStream, 0, stream.id, uint32s(0)));
        break;
      }
    }
    return frames;
  }

  #allowed(stream: Http2Stream, length: number, room: number): number {
    if (this.#window <= 0) this.#starved.add(stream);
    const allowed = Math.min(length, this.#window, stream.sendWindow, this.maxFrameBytes);
    return Math.max(0, Math.min(allowed, Math.max(room, MIN_MAX_FRAME_BYTES)));
  }
}

function dataFrame(streamId: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEAD_BYTES + content.length);
  writeHead(bytes, 0, { length: content.length, type: FRAME.data, flags: 0, streamId });
  bytes.set(content, FRAME_HEAD_BYTES);
  return bytes;
}
