import { joinBytes } from "../../base/bytes.ts";
import { hostOfPeer } from "../address.ts";
import { Allowance } from "./allowance.ts";
import { CallQueue } from "./call_queue.ts";
import { HeaderFields, isRequest } from "./header_fields.ts";
import { type Field, HpackDecoder, HpackError } from "./hpack/decoder.ts";
import {
  CALLS_PER_SLICE,
  FAREWELL_MS,
  FRAMES_PER_CALL,
  FRAMES_PER_QUESTION,
  HEADER_BYTES_PER_FRAME,
  HEADER_TABLE_BYTES,
  IDLE_FRAMES,
  LAST_WORDS_MS,
  MAX_HEADER_BLOCK_BYTES,
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
  PREFACE,
  readHead,
  readUint32,
  SETTING,
  settingsPayload,
  uint32s,
} from "./protocol.ts";
import { ReadBuffer } from "./read_buffer.ts";
import type { ByteSocket } from "./socket.ts";
import { Http2Stream, type StreamOwner } from "./stream.ts";
import { nextTurn } from "../../base/turn.ts";

/** How a connection is served. */
export interface ConnectionOptions {
  /** Shared by the connections of a server on which no call was let in yet. */
  readonly strangersTurn: StrangersTurn;
  /**
   * Answers a call. Settles when it is done with it, also where the caller was gone before; never rejects.
   *
   * @returns whether the caller was let in
   */
  readonly answer: (stream: Http2Stream, connection: Http2Connection) => Promise<boolean>;
  /** Calls that may be open at a time. */
  readonly maxStreams: number;
  /** Bytes that a client may send ahead, on each stream and on all together. */
  readonly windowBytes: number;
}

/** The server's end of a connection of HTTP/2 (RFC 9113): what gRPC needs of it, and nothing else. */
export class Http2Connection implements StreamOwner {
  readonly openedAt = seconds();
  /** When something came last, and when a call was open last: seconds of {@link seconds}. */
  heardAt = this.openedAt;
  calledAt = this.openedAt;
  /** Why the connection was closed, where the client did something that no client does. */
  offence: string | undefined;
  readonly #socket: ByteSocket;
  readonly #options: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #input = new ReadBuffer();
  readonly #decoder = new HpackDecoder(HEADER_TABLE_BYTES, MAX_HEADER_LIST_BYTES);
  readonly #streams = new Map<number, Http2Stream>();
  readonly #frames = new Allowance(IDLE_FRAMES, this.openedAt);
  /** Those of the streams that wait, and what was begun. */
  readonly #calls: CallQueue;
  readonly #strangersTurn: StrangersTurn;
  #lastId = 0;
  #receiveWindow = DEFAULT_WINDOW_BYTES;
  #unannounced = 0;
  #initialSendWindow = DEFAULT_WINDOW_BYTES;
  #headers: { head: FrameHead; parts: Uint8Array[]; length: number } | undefined;
  #greeted = false;
  #pingedAt: number | undefined;
  #leaving = false;
  /** Whether the client said that it makes no new calls. */
  #clientLeaves = false;
  #closed = false;
  #closesLate: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: ByteSocket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#strangersTurn = options.strangersTurn;
    this.#calls = new CallQueue({
      answer: (stream) => options.answer(stream, this),
      answered: (letIn) => {
        if (letIn) this.#frames.add(FRAMES_PER_CALL);
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

  /** Calls that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Speaks with the client until the connection is closed. Never rejects. */
  async serve(): Promise<void> {
    try {
      this.#greet();
      await this.#readAll();
      if (this.offence !== undefined) await this.#lastWords();
    } catch (error) {
      if (error instanceof ConnectionError) await this.#dismiss(error);
      // All else is a connection that broke.
    } finally {
      this.close();
    }
  }

  /**
   * Takes no new calls, and closes when those that are open have ended: as soon as the client has closed its end, because
   * calls may be on their way that it made before it heard of it. They are refused, and gRPC's clients make them again
   * on another connection; on one that was just closed they would fail.
   */
  leave(): void {
    if (this.#leaving || this.#closed || this.offence !== undefined) return;
    this.#leaving = true;
    this.#tell(frame(FRAME.goaway, 0, 0, uint32s(this.#lastId, ERROR.none)));
    this.#closeIfDone();
  }

  /** Closes the connection, with all that is open on it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#closesLate);
    this.#outbox.close();
    for (const stream of this.#streams.values()) stream.settle(false);
    this.#streams.clear();
    this.#calls.clear();
    this.#socket.close();
  }

  /** Ends all calls, and closes the connection. */
  async breakOff(): Promise<void> {
    this.leave();
    for (const stream of [...this.#streams.values()]) this.reset(stream, ERROR.cancel);
    await this.#lastWords();
    this.close();
  }

  /** Closes the connection of a client that did too much of something. */
  async dismiss(reason: string): Promise<void> {
    await this.#dismiss(new ConnectionError(ERROR.enhanceYourCalm, reason));
    this.close();
  }

  /**
   * Asks whether the client is still there, after a silence.
   *
   * @param silence seconds after which it is asked
   * @param patience seconds that it has to answer
   */
  keepAlive(silence: number, patience: number): void {
    const now = seconds();
    if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt > patience) this.close();
    } else if (now - this.heardAt > silence) {
      this.#pingedAt = now;
      this.#tell(frame(FRAME.ping, 0, 0, uint32s(0, 0)));
    }
  }

  wake(stream: Http2Stream): void {
    if (!this.#closed) this.#outbox.wake(stream);
  }

  consumed(stream: Http2Stream, bytes: number): void {
    this.#consumedByAll(bytes);
    stream.unannounced += bytes;
    if (stream.unannounced < this.#options.windowBytes / 2) return;
    if (stream.remoteEnded || !this.#streams.has(stream.id)) return;
    stream.receiveWindow += stream.unannounced;
    this.#tell(frame(FRAME.windowUpdate, 0, stream.id, uint32s(stream.unannounced)));
    stream.unannounced = 0;
  }

  reset(stream: Http2Stream, code: ErrorNumber): void {
    if (!this.#streams.has(stream.id)) return;
    this.#tell(frame(FRAME.rstStream, 0, stream.id, uint32s(code)));
    this.#drop(stream);
  }

  /** Opens the window that all streams share. */
  #consumedByAll(bytes: number): void {
    this.#unannounced += bytes;
    if (this.#unannounced < this.#options.windowBytes / 2) return;
    this.#receiveWindow += this.#unannounced;
    this.#tell(frame(FRAME.windowUpdate, 0, 0, uint32s(this.#unannounced)));
    this.#unannounced = 0;
  }

  #greet(): void {
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
      frame(FRAME.windowUpdate, 0, 0, uint32s(windowBytes - this.#receiveWindow)),
    );
    this.#receiveWindow = windowBytes;
  }

  /** Sends a control frame from outside of the reading loop. */
  #tell(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#outbox.control(bytes);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.offence = error.message;
      this.close();
    }
  }

  async #dismiss({ code, message }: ConnectionError): Promise<void> {
    if (this.#closed || this.offence !== undefined) return;
    this.offence = message;
    this.#tell(frame(FRAME.goaway, 0, 0, uint32s(this.#lastId, code)));
    await this.#lastWords();
  }

  /** Gives what is to be sent a little time to go. */
  async #lastWords(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, LAST_WORDS_MS));
    await Promise.race([this.#outbox.idle, late]);
    clearTimeout(timer);
  }

  async #readAll(): Promise<void> {
    if (!await this.#readPreface()) return;
    let wanted = FRAME_HEAD_BYTES;
    let sliceEnd = performance.now() + SLICE_MS;
    while (!this.#closed && this.offence === undefined) {
      if (this.#input.length < wanted) {
        // Not sooner: a call that was cancelled by what came with it is never begun.
        this.#calls.start();
        if (!await this.#input.fill(this.#socket, wanted)) return;
        this.heardAt = seconds();
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
      this.#take(head, bytes.subarray(start + FRAME_HEAD_BYTES, start + whole));
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

  /** Until a call on it was let in, a connection shares its turns with others. */
  async #waitAsStranger(): Promise<void> {
    if (!this.#calls.known && !this.#strangersTurn.take()) await this.#strangersTurn.wait();
  }

  async #readPreface(): Promise<boolean> {
    while (this.#input.length < PREFACE.length) {
      this.#comparePreface();
      if (!await this.#input.fill(this.#socket, PREFACE.length)) return false;
    }
    this.#comparePreface();
    this.#input.skip(PREFACE.length);
    return true;
  }

  #comparePreface(): void {
    const { bytes, start, length } = this.#input;
    for (let i = 0; i < Math.min(length, PREFACE.length); i++) {
      if (bytes[start + i] !== PREFACE[i]) {
        throw new ConnectionError(ERROR.protocol, "The client does not speak HTTP/2");
      }
    }
  }

  #take(head: FrameHead, payload: Uint8Array): void {
    if (this.#headers !== undefined && head.type !== FRAME.continuation) {
      throw new ConnectionError(ERROR.protocol, "A frame stands within a call's head");
    }
    if (!this.#greeted && (head.type !== FRAME.settings || head.flags & FLAG.ack)) {
      throw new ConnectionError(ERROR.protocol, "The first frame is not SETTINGS");
    }
    this.#charge(head, payload);
    switch (head.type) {
      case FRAME.data:
        return this.#takeData(head, payload);
      case FRAME.headers:
        return this.#takeHeaders(head, payload);
      case FRAME.continuation:
        return this.#takeContinuation(head, payload);
      case FRAME.rstStream:
        return this.#takeReset(head, payload);
      case FRAME.settings:
        return this.#takeSettings(head, payload);
      case FRAME.ping:
        return this.#takePing(head, payload);
      case FRAME.goaway:
        if (head.streamId !== 0) throw misplaced("GOAWAY");
        // The client makes no new calls; those that are open are answered.
        this.#clientLeaves = true;
        this.leave();
        return this.#closeIfDone();
      case FRAME.windowUpdate:
        return this.#takeWindowUpdate(head, payload);
      case FRAME.pushPromise:
        throw misplaced("PUSH_PROMISE");
      default: // PRIORITY says what is not heeded here, and unknown types are to be ignored
        return;
    }
  }

  #charge({ type, flags, streamId }: FrameHead, { length }: Uint8Array): void {
    if (type !== FRAME.data) return this.#pay(ANSWERED.has(type) ? FRAMES_PER_QUESTION : 1);
    const stream = this.#streams.get(streamId);
    if (stream === undefined || stream.remoteEnded) {
      // Late content of a call that is over allows nothing more. Of a stranger it counts, however large it is.
      const late = this.#calls.known && length >= IDLE_FRAMES.bytesEach;
      return late ? undefined : this.#pay(1);
    }
    this.#frames.add(length / IDLE_FRAMES.bytesEach);
    const free = length >= IDLE_FRAMES.bytesEach || (flags & FLAG.endStream) !== 0;
    if (!free) this.#pay(1);
  }

  #pay(frames: number): void {
    if (this.#frames.take(frames, seconds())) return;
    throw new ConnectionError(ERROR.enhanceYourCalm, "Too many frames without content");
  }

  #takeData(head: FrameHead, payload: Uint8Array): void {
    const { streamId, flags } = head;
    if (streamId === 0 || streamId > this.#lastId) throw misplaced("DATA");
    this.#receiveWindow -= payload.length;
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(ERROR.flowControl, "More than the connection's window");
    }
    const stream = this.#streams.get(streamId);
    const body = flags & FLAG.padded ? unpadded(payload) : payload;
    if (stream === undefined || stream.remoteEnded) {
      // Of a stream that is over; the connection's window is opened again all the same.
      return this.#consumedByAll(payload.length);
    }
    stream.receiveWindow -= payload.length;
    if (stream.receiveWindow < 0) return this.reset(stream, ERROR.flowControl);
    if (body.length < payload.length) this.consumed(stream, payload.length - body.length);
    if (body.length > 0) stream.receive(body);
    if (flags & FLAG.endStream) stream.receiveEnd();
  }

  #takeHeaders(head: FrameHead, payload: Uint8Array): void {
    if (head.streamId % 2 === 0) throw misplaced("HEADERS");
    let block = head.flags & FLAG.padded ? unpadded(payload) : payload;
    if (head.flags & FLAG.priority) block = block.subarray(5);
    this.#headers = { head, parts: [], length: 0 };
    this.#takeHeaderPart(block, (head.flags & FLAG.endHeaders) !== 0);
  }

  #takeContinuation(head: FrameHead, payload: Uint8Array): void {
    if (this.#headers?.head.streamId !== head.streamId) throw misplaced("CONTINUATION");
    this.#takeHeaderPart(payload, (head.flags & FLAG.endHeaders) !== 0);
  }

  #takeHeaderPart(part: Uint8Array, last: boolean): void {
    const headers = this.#headers!;
    headers.length += part.length;
    this.#pay(part.length / HEADER_BYTES_PER_FRAME);
    if (headers.length > MAX_HEADER_BLOCK_BYTES) {
      throw new ConnectionError(ERROR.enhanceYourCalm, "A call's head is too large");
    }
    if (!last) return void headers.parts.push(part.slice());
    this.#headers = undefined;
    const block = headers.parts.length === 0 ? part : joinBytes([...headers.parts, part]);
    let decoded;
    try {
      decoded = this.#decoder.decode(block);
    } catch (error) {
      if (error instanceof HpackError) throw new ConnectionError(ERROR.compression, error.message);
      throw error;
    }
    const ends = (headers.head.flags & FLAG.endStream) !== 0;
    this.#open(headers.head.streamId, decoded.tooLarge ? undefined : decoded.fields, ends);
  }

  #open(id: number, fields: readonly Field[] | undefined, ends: boolean): void {
    if (id <= this.#lastId) {
      const stream = this.#streams.get(id);
      // Trailers: nothing in them matters to gRPC. Those of a stream that is over are late.
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
    if (this.#leaving || full) return refuse(ERROR.refusedStream);
    const stream = new Http2Stream(id, new HeaderFields(fields), this.peer, this, {
      send: this.#initialSendWindow,
      receive: windowBytes,
    });
    this.#streams.set(id, stream);
    if (ends) stream.receiveEnd();
    this.#calls.add(stream);
  }

  #takeReset(head: FrameHead, payload: Uint8Array): void {
    if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, "RST_STREAM");
    if (head.streamId === 0 || head.streamId > this.#lastId) throw misplaced("RST_STREAM");
    const stream = this.#streams.get(head.streamId);
    if (stream !== undefined) this.#drop(stream);
  }

  #takeSettings({ flags, streamId }: FrameHead, payload: Uint8Array): void {
    if (streamId !== 0) throw misplaced("SETTINGS");
    if (flags & FLAG.ack) return;
    if (payload.length % 6 !== 0) throw new ConnectionError(ERROR.frameSize, "SETTINGS");
    this.#greeted = true;
    this.#pay(payload.length / SETTINGS_BYTES_PER_FRAME);
    // The last of each counts: a change of the windows looks at every stream.
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

  #takePing({ flags, streamId }: FrameHead, payload: Uint8Array): void {
    if (streamId !== 0) throw misplaced("PING");
    if (payload.length !== 8) throw new ConnectionError(ERROR.frameSize, "PING");
    if ((flags & FLAG.ack) === 0) this.#outbox.control(frame(FRAME.ping, FLAG.ack, 0, payload));
  }

  #takeWindowUpdate({ streamId }: FrameHead, payload: Uint8Array): void {
    if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, "WINDOW_UPDATE");
    if (streamId > this.#lastId) throw misplaced("WINDOW_UPDATE");
    const bytes = readUint32(payload, 0) & 0x7fff_ffff;
    if (bytes === 0) throw new ConnectionError(ERROR.protocol, "A window is opened by nothing");
    if (streamId === 0) return this.#outbox.open(bytes);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#widen(stream, bytes);
  }

  #widen(stream: Http2Stream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.sendWindow > MAX_WINDOW_BYTES) return this.reset(stream, ERROR.flowControl);
    if (stream.outgoing.length > 0) this.#outbox.wake(stream);
  }

  /** All of an answer was handed to the network. */
  #finish(stream: Http2Stream): void {
    stream.settle(true);
    this.#forget(stream);
  }

  #drop(stream: Http2Stream): void {
    this.#outbox.drop(stream);
    this.#calls.drop(stream);
    stream.settle(false);
    this.#forget(stream);
  }

  #forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.calledAt = seconds();
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (!this.#leaving || this.#closed || this.#streams.size > 0) return;
    if (this.#clientLeaves) this.#lastWords().then(() => this.close());
    else this.#closesLate ??= setTimeout(() => this.close(), FAREWELL_MS);
  }
}

/** Frames that have to be answered. */
const ANSWERED: ReadonlySet<number> = new Set([FRAME.ping, FRAME.settings]);

/** Seconds of the clock by which connections are watched. */
export function seconds(): number {
  return performance.now() / 1000;
}

function misplaced(what: string): ConnectionError {
  return new ConnectionError(ERROR.protocol, `${what} is misplaced`);
}

function unpadded(payload: Uint8Array): Uint8Array {
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) throw misplaced("Padding");
  return payload.subarray(1, payload.length - padding);
}
