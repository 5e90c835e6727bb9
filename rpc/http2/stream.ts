import { ERROR, type ErrorNumber } from "./protocol.ts";
import type { HeaderFields } from "./header_fields.ts";
import { ReceiveWindow } from "./receive_window.ts";

/** Receiver of a stream's request body. */
export interface StreamReader {
  /** Gets bytes of the body: views that are valid until the function returns. */
  receive(bytes: Uint8Array): void;
  /** Called when the client has sent the whole body. */
  end(): void;
}

/** The part of a connection that a stream uses. */
export interface StreamOwner {
  /** Schedules the stream, which has something to send. */
  schedule(stream: Http2Stream): void;
  /** Notes that bytes of the stream's body were consumed: the client may send as many more. */
  consumed(stream: Http2Stream, bytes: number): void;
  reset(stream: Http2Stream, code: ErrorNumber): void;
}

/** Item to send: header fields, or bytes of the body. `last` ends the stream. */
export interface Outgoing {
  readonly kind: "headers" | "data";
  /** The connection removes sent bytes from the front. */
  bytes: Uint8Array;
  readonly last: boolean;
}

/** Bytes of a response that are buffered before {@link Http2Stream.write} waits. */
const BUFFERED_BYTES = 64 * 1024;

/** The server's side of one HTTP/2 stream, which carries one call. */
export class Http2Stream {
  /** Items to send, in order; the connection removes them. */
  readonly outgoing: Outgoing[] = [];
  /** Bytes that the client's window allows us to send. */
  sendWindow: number;
  readonly receiveWindow: ReceiveWindow;
  /** Whether the client has sent all. */
  remoteEnded = false;
  /** Whether the last frame was handed over for sending. */
  localEnded = false;
  readonly #owner: StreamOwner;
  readonly #outcome = Promise.withResolvers<boolean>();
  #gone = false;
  #closed = false;
  #reader: StreamReader | undefined;
  #held: Uint8Array[] = [];
  #outgoingBytes = 0;
  #drained: PromiseWithResolvers<void> | undefined;
  #onClose: ((whole: boolean) => void) | undefined;
  #onContentSent: ((bytes: number) => void) | undefined;

  constructor(
    readonly id: number,
    readonly headers: HeaderFields,
    readonly peer: string,
    owner: StreamOwner,
    windows: { readonly send: number; readonly receive: number },
  ) {
    this.#owner = owner;
    this.sendWindow = windows.send;
    this.receiveWindow = new ReceiveWindow(windows.receive);
  }

  /** Whether the whole response was handed to the network. Settles when the stream ends. */
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

  /** @param listener called once, when the stream ends, with the value of {@link outcome} */
  onClose(listener: (whole: boolean) => void): void {
    this.#onClose = listener;
  }

  /** @param listener called with the number of body bytes of each frame sent */
  onContentSent(listener: (bytes: number) => void): void {
    this.#onContentSent = listener;
  }

  /** Delivers the body to a reader, from its start. */
  read(reader: StreamReader): void {
    this.#reader = reader;
    for (const bytes of this.#held.splice(0)) {
      reader.receive(bytes);
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

  /** Ends the stream with an HTTP/2 error. */
  reset(code: ErrorNumber = ERROR.internal): void {
    this.#owner.reset(this, code);
  }

  /** For the connection: bytes of the body arrived. */
  receive(bytes: Uint8Array): void {
    if (this.#gone || this.localEnded) return this.#owner.consumed(this, bytes.length);
    if (this.#reader === undefined) return void this.#held.push(bytes.slice());
    this.#reader.receive(bytes);
    this.#owner.consumed(this, bytes.length);
  }

  /** For the connection: the client has sent all. */
  receiveEnd(): void {
    this.remoteEnded = true;
    if (!this.#gone) this.#reader?.end();
  }

  /** For the connection: body bytes were handed over for sending. */
  contentSent(bytes: number): void {
    this.#outgoingBytes -= bytes;
    if (this.#outgoingBytes <= BUFFERED_BYTES) this.#release();
    this.#onContentSent?.(bytes);
  }

  /** For the connection: ends the stream. @param whole whether the whole response was handed to the network */
  close(whole: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!whole) {
      this.#gone = true;
      this.outgoing.length = 0;
    }
    this.#onClose?.(whole);
    this.#release();
    const unread = this.#held.splice(0).reduce((sum, { length }) => sum + length, 0);
    if (unread > 0) this.#owner.consumed(this, unread);
    this.#outcome.resolve(whole);
  }

  #send(item: Outgoing): void {
    if (this.#gone || this.localEnded) return;
    this.outgoing.push(item);
    if (item.kind === "data") this.#outgoingBytes += item.bytes.length;
    this.#owner.schedule(this);
  }

  #release(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}
