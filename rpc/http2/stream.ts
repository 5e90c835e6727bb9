import { ERROR, type ErrorNumber } from "./protocol.ts";
import type { HeaderFields } from "./header_fields.ts";

/** Who takes what a client sends on a stream. */
export interface StreamReader {
  /** Bytes of the body: views that hold until the function returns. */
  take(bytes: Uint8Array): void;
  /** The client has sent all. */
  end(): void;
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  /** There is something to send on the stream. */
  wake(stream: Http2Stream): void;
  /** Bytes of the stream's body were taken or dropped: the client may send as many more. */
  consumed(stream: Http2Stream, bytes: number): void;
  reset(stream: Http2Stream, code: ErrorNumber): void;
}

/** Something to send: header fields, or bytes of the body. `last` ends the stream. */
export interface Outgoing {
  readonly kind: "headers" | "data";
  /** The connection takes data from the front. */
  bytes: Uint8Array;
  readonly last: boolean;
}

/** Bytes of an answer that are kept to be sent before {@link Http2Stream.write} has its caller wait. */
const BUFFERED_BYTES = 64 * 1024;

/** One call on a connection of HTTP/2, as a server has it. */
export class Http2Stream {
  /** What waits to be sent, in its order; the connection takes from it. */
  readonly outgoing: Outgoing[] = [];
  /** Bytes that the client lets us send. */
  sendWindow: number;
  /** Bytes that the client may send. */
  receiveWindow: number;
  /** Bytes that were consumed and of which the client was not told. */
  unannounced = 0;
  /** Whether the client has sent all. */
  remoteEnded = false;
  /** Whether the last frame has been put on its way. */
  localEnded = false;
  readonly #owner: StreamOwner;
  readonly #outcome = Promise.withResolvers<boolean>();
  #gone = false;
  #settled = false;
  #reader: StreamReader | undefined;
  #held: Uint8Array[] = [];
  #outgoingBytes = 0;
  #drained: PromiseWithResolvers<void> | undefined;
  #onOver: ((whole: boolean) => void) | undefined;
  #onTaken: ((bytes: number) => void) | undefined;

  constructor(
    readonly id: number,
    readonly headers: HeaderFields,
    readonly peer: string,
    owner: StreamOwner,
    windows: { readonly send: number; readonly receive: number },
  ) {
    this.#owner = owner;
    this.sendWindow = windows.send;
    this.receiveWindow = windows.receive;
  }

  /** Whether everything up to the stream's end was handed to the network. Settles when the stream is over. */
  get outcome(): Promise<boolean> {
    return this.#outcome.promise;
  }

  /** Whether the client cancelled the stream, or its connection broke. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Bytes of the body that wait to be sent. */
  get waitingBytes(): number {
    return this.#outgoingBytes;
  }

  /** @param listener called once, when the stream is over: with what {@link outcome} settles with */
  onOver(listener: (whole: boolean) => void): void {
    this.#onOver = listener;
  }

  /** @param listener called with each number of bytes of the body that were put on their way */
  onTaken(listener: (bytes: number) => void): void {
    this.#onTaken = listener;
  }

  /** Has the body read, from its start. */
  read(reader: StreamReader): void {
    this.#reader = reader;
    for (const bytes of this.#held.splice(0)) {
      reader.take(bytes);
      this.#owner.consumed(this, bytes.length);
    }
    if (this.remoteEnded) reader.end();
  }

  /** Sends header fields. @param last whether nothing follows */
  sendHeaders(bytes: Uint8Array, last: boolean): void {
    this.#send({ kind: "headers", bytes, last });
  }

  /** Sends bytes of the body, which must not be changed later. @returns when most of them have been sent */
  async write(bytes: Uint8Array): Promise<void> {
    this.#send({ kind: "data", bytes, last: false });
    if (this.#gone || this.#outgoingBytes <= BUFFERED_BYTES) return;
    this.#drained ??= Promise.withResolvers<void>();
    await this.#drained.promise;
  }

  /** Ends the stream with an error of HTTP/2. */
  reset(code: ErrorNumber = ERROR.internal): void {
    this.#owner.reset(this, code);
  }

  /** For the connection: bytes of the body came. */
  receive(bytes: Uint8Array): void {
    if (this.#gone || this.localEnded) return this.#owner.consumed(this, bytes.length);
    if (this.#reader === undefined) return void this.#held.push(bytes.slice());
    this.#reader.take(bytes);
    this.#owner.consumed(this, bytes.length);
  }

  /** For the connection: the client has sent all. */
  receiveEnd(): void {
    this.remoteEnded = true;
    if (!this.#gone) this.#reader?.end();
  }

  /** For the connection: bytes were put on their way. */
  taken(bytes: number): void {
    this.#outgoingBytes -= bytes;
    if (this.#outgoingBytes <= BUFFERED_BYTES) this.#release();
    this.#onTaken?.(bytes);
  }

  /** For the connection: the stream is over. @param whole whether all was handed to the network */
  settle(whole: boolean): void {
    if (this.#settled) return;
    this.#settled = true;
    if (!whole) {
      this.#gone = true;
      this.outgoing.length = 0;
    }
    this.#onOver?.(whole);
    this.#release();
    const unread = this.#held.splice(0).reduce((sum, { length }) => sum + length, 0);
    if (unread > 0) this.#owner.consumed(this, unread);
    this.#outcome.resolve(whole);
  }

  #send(what: Outgoing): void {
    if (this.#gone || this.localEnded) return;
    this.outgoing.push(what);
    if (what.kind === "data") this.#outgoingBytes += what.bytes.length;
    this.#owner.wake(this);
  }

  #release(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}
