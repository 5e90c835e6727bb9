import { hostOfPeer } from "../address.ts";
import { Allowance } from "./allowance.ts";
import { CallQueue } from "./call_queue.ts";
import { HeaderFields, isRequest } from "./header_fields.ts";
import { type HeaderBlock, HeaderBlocks } from "./header_blocks.ts";
import {
  CALLS_PER_SLICE,
  DRAIN_MS,
  FLUSH_MS,
  FRAMES_PER_ANSWERED_FRAME,
  FRAMES_PER_CALL,
  IDLE_FRAMES,
  MAX_HEADER_LIST_BYTES,
  SETTINGS_BYTES_PER_FRAME,
  SLICE_MS,
} from "./limits.ts";
import { Outbox } from "./outbox.ts";
import type { StrangersTurn } from "./strangers_turn.ts";
import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  ERROR,
  type ErrorNumber,
  FLAG,
  FRAME,
  frame,
  FRAME_HEAD_BYTES,
  type FrameHead,
  MAX_WINDOW_BYTES,
  MIN_MAX_FRAME_BYTES,
  misplaced,
  readHead,
  readUint32,
  SETTING,
  settingsPayload,
  uint32s,
  unpadded,
} from "./protocol.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { readPreface } from "./read_preface.ts";
import { ReceiveWindow } from "./receive_window.ts";
import type { ByteSocket } from "./socket.ts";
import { Http2Stream, type StreamOwner } from "./stream.ts";
import { nextTurn } from "../../base/turn.ts";

/** Options of a connection. */
export interface ConnectionOptions {
  /** Shared by the connections of a server that have no admitted call yet. */
  readonly strangersTurn: StrangersTurn;
  /**
   * Answers a call. Settles when the call is done, even if the caller disconnected before; never rejects.
   *
   * @returns whether the caller was admitted
   */
  readonly answer: (stream: Http2Stream, connection: Http2Connection) => Promise<boolean>;
  /** Maximum number of open calls. */
  readonly maxStreams: number;
  /** Receive window in bytes, of each stream and of the connection. */
  readonly windowBytes: number;
}

/** The server's side of an HTTP/2 connection (RFC 9113), reduced to what gRPC needs. */
export class Http2Connection implements StreamOwner {
  readonly openedAt = seconds();
  /** Time of the last received bytes, and the last time a call was open, in seconds of {@link seconds}. */
  receivedAt = this.openedAt;
  lastCallAt = this.openedAt;
  /** Why the connection was closed, if the client broke the protocol or a limit. */
  offence: string | undefined;
  readonly #socket: ByteSocket;
  readonly #options: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #input = new ReadBuffer();
  readonly #headers = new HeaderBlocks((frames) => this.#spendFrames(frames));
  readonly #streams = new Map<number, Http2Stream>();
  readonly #frames = new Allowance(IDLE_FRAMES, this.openedAt);
  /** Calls that wait to be answered, and the number of calls in progress. */
  readonly #calls: CallQueue;
  readonly #strangersTurn: StrangersTurn;
  /** The window that all streams share. */
  readonly #receiveWindow: ReceiveWindow;
  #lastId = 0;
  #initialSendWindow = DEFAULT_WINDOW_BYTES;
  #settingsReceived = false;
  #pingedAt: number | undefined;
  #draining = false;
  /** Whether the client sent GOAWAY. */
  #clientDraining = false;
  #closed = false;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: ByteSocket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#strangersTurn = options.strangersTurn;
    this.#receiveWindow = new ReceiveWindow(options.windowBytes);
    this.#calls = new CallQueue({
      answer: (stream) => options.answer(stream, this),
      answered: (admitted) => {
        if (admitted) this.#frames.add(FRAMES_PER_CALL);
        if (!this.#closed && this.offence === undefined) this.#calls.start();
      },
    });
    this.#outbox = new Outbox(socket, {
      sent: (bytes) => this.#frames.add(bytes / IDLE_FRAMES.bytesEach),
      ended: (stream) => this.#finish(stream),
      broken: () => this.close(),
    });
  }

  /** The client's address. */
  get host(): string {
    return hostOfPeer(this.peer);
  }

  /** "address:port" of the client. */
  get peer(): string {
    return this.#socket.peer;
  }

  /** Number of open calls. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Serves the client until the connection is closed. Never rejects. */
  async serve(): Promise<void> {
    try {
      this.#sendSettings();
      await this.#readAll();
      if (this.offence !== undefined) await this.#flush();
    } catch (error) {
      if (error instanceof ConnectionError) await this.#closeForOffence(error);
      // Any other error is a broken connection.
    } finally {
      this.close();
    }
  }

  /**
   * Drains the connection: sends GOAWAY, refuses new calls, and closes after the open ones have ended. It waits for
   * the client to close first, because calls may be on their way that the client sent before it received the GOAWAY.
   * These are refused, and gRPC clients repeat them on another connection. On a closed connection they would fail.
   */
  drain(): void {
    if (this.#draining || this.#closed || this.offence !== undefined) return;
    this.#draining = true;
    this.#sendControl(frame(FRAME.goaway, 0, 0, uint32s(this.#lastId, ERROR.none)));
    this.#closeIfDone();
  }

  /** Closes the connection and ends all its calls. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#drainTimer);
    this.#outbox.close();
    for (const stream of this.#streams.values()) stream.close(false);
    this.#streams.clear();
    this.#calls.clear();
    this.#socket.close();
  }

  /** Cancels all calls, and closes the connection. */
  async abort(): Promise<void> {
    this.drain();
    for (const stream of [...this.#streams.values()]) this.reset(stream, ERROR.cancel);
    await this.#flush();
    this.close();
  }

  /** Closes the connection of a client that exceeded a limit. */
  async closeForOffence(reason: string): Promise<void> {
    await this.#closeForOffence(new ConnectionError(ERROR.enhanceYourCalm, reason));
    this.close();
  }

  /**
   * Pings the client after a silence, and closes the connection if no answer arrives.
   *
   * @param silence seconds of silence before the ping
   * @param patience seconds to wait for the answer
   */
  keepAlive(silence: number, patience: number): void {
    const now = seconds();
    if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt > patience) this.close();
    } else if (now - this.receivedAt > silence) {
      this.#pingedAt = now;
      this.#sendControl(frame(FRAME.ping, 0, 0, uint32s(0, 0)));
    }
  }

  schedule(stream: Http2Stream): void {
    if (!this.#closed) this.#outbox.schedule(stream);
  }

  consumed(stream: Http2Stream, bytes: number): void {
    this.#consumedByAll(bytes);
    const announced = stream.receiveWindow.consume(bytes);
    if (announced === 0 || stream.remoteEnded || !this.#streams.has(stream.id)) return;
    this.#sendControl(frame(FRAME.windowUpdate, 0, stream.id, uint32s(announced)));
  }

  reset(stream: Http2Stream, code: ErrorNumber): void {
    if (!this.#streams.has(stream.id)) return;
    this.#sendControl(frame(FRAME.rstStream, 0, stream.id, uint32s(code)));
    this.#drop(stream);
  }

  /** Reopens the receive window that all streams share. */
  #consumedByAll(bytes: number): void {
    const announced = this.#receiveWindow.consume(bytes);
    if (announced > 0) this.#sendControl(frame(FRAME.windowUpdate, 0, 0, uint32s(announced)));
  }

  #sendSettings(): void {
    const { maxStreams, windowBytes } = this.#options;
    this.#outbox.control(frame(
      FRAME.settings,
      0,
      0,
      settingsPayload([
        [SETTING.maxConcurrentStreams, maxStreams],
        [SETTING.initialWindowSize, windowBytes],
        [SETTING.maxHeaderListSize, MAX_HEADER_LIST_BYTES],
      ]),
    ));
    this.#outbox.control(
      frame(FRAME.windowUpdate, 0, 0, uint32s(windowBytes - DEFAULT_WINDOW_BYTES)),
    );
  }

  /** Sends a control frame from outside the reading loop. */
  #sendControl(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#outbox.control(bytes);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.offence = error.message;
      this.close();
    }
  }

  async #closeForOffence({ code, message }: ConnectionError): Promise<void> {
    if (this.#closed || this.offence !== undefined) return;
    this.offence = message;
    this.#sendControl(frame(FRAME.goaway, 0, 0, uint32s(this.#lastId, code)));
    await this.#flush();
  }

  /** Waits a short time for pending frames to be sent. */
  async #flush(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, FLUSH_MS));
    await Promise.race([this.#outbox.idle, late]);
    clearTimeout(timer);
  }

  async #readAll(): Promise<void> {
    if (!await readPreface(this.#input, this.#socket)) return;
    let wanted = FRAME_HEAD_BYTES;
    let sliceEnd = performance.now() + SLICE_MS;
    while (!this.#closed && this.offence === undefined) {
      if (this.#input.length < wanted) {
        // Not earlier, because a call is never started if its cancellation arrived together with it.
        this.#calls.start();
        if (!await this.#input.fill(this.#socket, wanted)) return;
        this.receivedAt = seconds();
        this.#pingedAt = undefined;
        await this.#waitAsStranger();
        sliceEnd = performance.now() + SLICE_MS;
        continue;
      }
      const { bytes, start } = this.#input;
      const head = readHead(bytes, start);
      if (head.length > MIN_MAX_FRAME_BYTES) {
        throw new ConnectionError(ERROR.frameSize, "A frame is too large");
      }
      const whole = FRAME_HEAD_BYTES + head.length;
      if (this.#input.length < whole) {
        wanted = whole;
        continue;
      }
      this.#handleFrame(head, bytes.subarray(start + FRAME_HEAD_BYTES, start + whole));
      this.#input.skip(whole);
      wanted = FRAME_HEAD_BYTES;
      if (this.#calls.waiting >= CALLS_PER_SLICE || performance.now() > sliceEnd) {
        this.#calls.start();
        await nextTurn();
        await this.#waitAsStranger();
        sliceEnd = performance.now() + SLICE_MS;
      }
    }
  }

  /** Until one of its calls is admitted, a connection shares its turns with others. */
  async #waitAsStranger(): Promise<void> {
    if (!this.#calls.known && !this.#strangersTurn.takePlace()) {
      await this.#strangersTurn.waitForPlace();
    }
  }

  #handleFrame(head: FrameHead, payload: Uint8Array): void {
    if (this.#headers.hasBegun && head.type !== FRAME.continuation) {
      throw new ConnectionError(
        ERROR.protocol,
        "A frame of another type interrupts a header block",
      );
    }
    if (!this.#settingsReceived && (head.type !== FRAME.settings || head.flags & FLAG.ack)) {
      throw new ConnectionError(ERROR.protocol, "The first frame is not SETTINGS");
    }
    this.#chargeFrame(head, payload);
    switch (head.type) {
      case FRAME.data:
        return this.#handleData(head, payload);
      case FRAME.headers:
        return this.#open(this.#headers.begin(head, payload));
      case FRAME.continuation:
        return this.#open(this.#headers.proceed(head, payload));
      case FRAME.rstStream:
        return this.#handleReset(head, payload);
      case FRAME.settings:
        return this.#handleSettings(head, payload);
      case FRAME.ping:
        return this.#handlePing(head, payload);
      case FRAME.goaway:
        if (head.streamId !== 0) throw misplaced("GOAWAY");
        // The client makes no new calls; open ones are still answered.
        this.#clientDraining = true;
        this.drain();
        return this.#closeIfDone();
      case FRAME.windowUpdate:
        return this.#handleWindowUpdate(head, payload);
      case FRAME.pushPromise:
        throw misplaced("PUSH_PROMISE");
      default: // PRIORITY is ignored here, and unknown types must be ignored
        return;
    }
  }

  #chargeFrame({ type, flags, streamId }: FrameHead, { length }: Uint8Array): void {
    if (type !== FRAME.data) {
      return this.#spendFrames(ANSWERED.has(type) ? FRAMES_PER_ANSWERED_FRAME : 1);
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined || stream.remoteEnded) {
      // Late content of an ended call earns no further frames. Before a call is admitted, content of any size costs
      // one.
      const late = this.#calls.known && length >= IDLE_FRAMES.bytesEach;
      return late ? undefined : this.#spendFrames(1);
    }
    this.#frames.add(length / IDLE_FRAMES.bytesEach);
    const free = length >= IDLE_FRAMES.bytesEach || (flags & FLAG.endStream) !== 0;
    if (!free) this.#spendFrames(1);
  }

  #spendFrames(frames: number): void {
    if (this.#frames.spend(frames, seconds())) return;
    throw new ConnectionError(ERROR.enhanceYourCalm, "Too many frames without content");
  }

  #handleData(head: FrameHead, payload: Uint8Array): void {
    const { streamId, flags } = head;
    if (streamId === 0 || streamId > this.#lastId) throw misplaced("DATA");
    if (!this.#receiveWindow.receive(payload.length)) {
      throw new ConnectionError(
        ERROR.flowControl,
        "The client sent more than the connection's window",
      );
    }
    const stream = this.#streams.get(streamId);
    const body = flags & FLAG.padded ? unpadded(payload) : payload;
    if (stream === undefined || stream.remoteEnded) {
      // The stream has ended, but the connection's window must be reopened.
      return this.#consumedByAll(payload.length);
    }
    if (!stream.receiveWindow.receive(payload.length)) {
      return this.reset(stream, ERROR.flowControl);
    }
    if (body.length < payload.length) this.consumed(stream, payload.length - body.length);
    if (body.length > 0) stream.receive(body);
    if (flags & FLAG.endStream) stream.receiveEnd();
  }

  /** Opens the stream of a complete header block. */
  #open(block: HeaderBlock | undefined): void {
    if (block === undefined) return;
    const { streamId: id, fields, ends } = block;
    if (id <= this.#lastId) {
      const stream = this.#streams.get(id);
      // Trailers, which gRPC requests do not use. Those of an ended stream are late.
      if (ends && stream !== undefined && !stream.remoteEnded) stream.receiveEnd();
      return;
    }
    this.#lastId = id;
    const refuse = (code: ErrorNumber) =>
      this.#outbox.control(frame(FRAME.rstStream, 0, id, uint32s(code)));
    if (fields === undefined) return refuse(ERROR.enhanceYourCalm);
    if (!isRequest(fields)) return refuse(ERROR.protocol);
    const { maxStreams, windowBytes } = this.#options;
    const full = Math.max(this.#calls.working, this.#streams.size) >= maxStreams;
    if (this.#draining || full) return refuse(ERROR.refusedStream);
    const stream = new Http2Stream(id, new HeaderFields(fields), this.peer, this, {
      send: this.#initialSendWindow,
      receive: windowBytes,
    });
    this.#streams.set(id, stream);
    if (ends) stream.receiveEnd();
    this.#calls.add(stream);
  }

  #handleReset(head: FrameHead, payload: Uint8Array): void {
    if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, "RST_STREAM");
    if (head.streamId === 0 || head.streamId > this.#lastId) throw misplaced("RST_STREAM");
    const stream = this.#streams.get(head.streamId);
    if (stream !== undefined) this.#drop(stream);
  }

  #handleSettings({ flags, streamId }: FrameHead, payload: Uint8Array): void {
    if (streamId !== 0) throw misplaced("SETTINGS");
    if (flags & FLAG.ack) return;
    if (payload.length % 6 !== 0) throw new ConnectionError(ERROR.frameSize, "SETTINGS");
    this.#settingsReceived = true;
    this.#spendFrames(payload.length / SETTINGS_BYTES_PER_FRAME);
    // Only the last value of each setting is applied, because a change of the windows updates every stream.
    const last = new Map<number, number>();
    for (let at = 0; at < payload.length; at += 6) {
      last.set(payload[at]! << 8 | payload[at + 1]!, readUint32(payload, at + 2));
    }
    for (const [key, value] of last) this.#set(key, value);
    this.#outbox.control(frame(FRAME.settings, FLAG.ack, 0));
  }

  #set(key: number, value: number): void {
    if (key === SETTING.enablePush && value > 1) throw misplaced("ENABLE_PUSH");
    if (key === SETTING.maxFrameSize) {
      if (value < MIN_MAX_FRAME_BYTES || value > 0xff_ffff) throw misplaced("MAX_FRAME_SIZE");
      this.#outbox.maxFrameBytes = value;
    }
    if (key !== SETTING.initialWindowSize) return;
    if (value > MAX_WINDOW_BYTES) {
      throw new ConnectionError(ERROR.flowControl, "The initial window is too large");
    }
    const difference = value - this.#initialSendWindow;
    this.#initialSendWindow = value;
    if (difference === 0) return;
    for (const stream of this.#streams.values()) this.#widen(stream, difference);
  }

  #handlePing({ flags, streamId }: FrameHead, payload: Uint8Array): void {
    if (streamId !== 0) throw misplaced("PING");
    if (payload.length !== 8) throw new ConnectionError(ERROR.frameSize, "PING");
    if ((flags & FLAG.ack) === 0) this.#outbox.control(frame(FRAME.ping, FLAG.ack, 0, payload));
  }

  #handleWindowUpdate({ streamId }: FrameHead, payload: Uint8Array): void {
    if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, "WINDOW_UPDATE");
    if (streamId > this.#lastId) throw misplaced("WINDOW_UPDATE");
    const bytes = readUint32(payload, 0) & 0x7fff_ffff;
    if (bytes === 0) throw new ConnectionError(ERROR.protocol, "A window update of 0 bytes");
    if (streamId === 0) return this.#outbox.widen(bytes);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#widen(stream, bytes);
  }

  #widen(stream: Http2Stream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.sendWindow > MAX_WINDOW_BYTES) return this.reset(stream, ERROR.flowControl);
    if (stream.outgoing.length > 0) this.#outbox.schedule(stream);
  }

  /** Ends a stream whose whole response was handed to the network. */
  #finish(stream: Http2Stream): void {
    stream.close(true);
    this.#forget(stream);
  }

  #drop(stream: Http2Stream): void {
    this.#outbox.drop(stream);
    this.#calls.drop(stream);
    stream.close(false);
    this.#forget(stream);
  }

  #forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.lastCallAt = seconds();
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (!this.#draining || this.#closed || this.#streams.size > 0) return;
    if (this.#clientDraining) this.#flush().then(() => this.close());
    else this.#drainTimer ??= setTimeout(() => this.close(), DRAIN_MS);
  }
}

/** Types of frames that require an answer. */
const ANSWERED: ReadonlySet<number> = new Set([FRAME.ping, FRAME.settings]);

/** Current time in seconds of the clock that measures connections. */
export function seconds(): number {
  return performance.now() / 1000;
}
