import { FlwrError } from "../../base/error.ts";

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number;
  /** Valid until the next call on the same line. */
  readonly body: Uint8Array;
}

/** Where a server is, and whom to trust. */
export interface HttpLineOptions {
  /** "host:port". */
  readonly http: string;
  /** PEM of the server's authority. */
  readonly authority: string;
}

const HEAD_END = new TextEncoder().encode("\r\n\r\n");
/** What a line reads at once, in bytes; it grows with what is answered. */
const FIRST_BUFFER_BYTES = 16 * 1024;

/**
 * One HTTP/1.1 connection over TLS, for a program that makes load: it does as little as it can, so that the server is what
 * is measured. One call at a time.
 */
export class HttpLine implements Disposable {
  readonly #options: HttpLineOptions;
  #connection: Deno.TlsConn | undefined;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #filled = 0;
  #closed = false;

  /** Connects when it is first used: servers close connections on which no request comes. */
  constructor(options: HttpLineOptions) {
    this.#options = options;
  }

  /**
   * Posts a message in protobuf's encoding. Once more on a new connection when the server has closed the old one, as they
   * do with connections that are not used for a while.
   *
   * @param headers more header lines, each with its line end
   */
  async post(path: string, headers: string, message: Uint8Array): Promise<HttpAnswer> {
    const head = new TextEncoder().encode(
      `POST ${path} HTTP/1.1\r\nhost: ${this.#options.http}\r\ncontent-type: application/protobuf\r\n` +
        `accept: application/protobuf\r\ncontent-length: ${message.length}\r\n${headers}\r\n`,
    );
    try {
      return await this.#exchange(head, message);
    } catch (error) {
      if (this.#closed || this.#filled > 0 || !isClosed(error)) throw error;
    }
    this.#connection?.close();
    this.#connection = undefined;
    return await this.#exchange(head, message);
  }

  /** Closes the connection; a call that is on its way fails. */
  [Symbol.dispose](): void {
    this.#closed = true;
    try {
      this.#connection?.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error; // closed before
    }
  }

  async #exchange(head: Uint8Array, message: Uint8Array): Promise<HttpAnswer> {
    this.#filled = 0;
    this.#connection ??= await connect(this.#options);
    // Small messages go with their head: one record of TLS, one packet.
    if (message.length <= FIRST_BUFFER_BYTES) {
      const whole = new Uint8Array(head.length + message.length);
      whole.set(head);
      whole.set(message, head.length);
      await this.#write(whole);
    } else {
      await this.#write(head);
      await this.#write(message);
    }
    return await this.#answer();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection!.write(bytes.subarray(sent));
    }
  }

  async #answer(): Promise<HttpAnswer> {
    let headLength = -1;
    while (headLength < 0) {
      await this.#read();
      headLength = endOfHead(this.#buffer.subarray(0, this.#filled));
    }
    const head = new TextDecoder().decode(this.#buffer.subarray(0, headLength));
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
    const [, length] = /^content-length: *(\d+)/im.exec(head) ?? [];
    if (status === undefined || length === undefined) {
      throw new FlwrError("internal", `An answer that the load program cannot read: ${head}`);
    }
    const end = headLength + Number(length);
    this.#grow(end);
    while (this.#filled < end) await this.#read();
    return { status: Number(status), body: this.#buffer.subarray(headLength, end) };
  }

  async #read(): Promise<void> {
    this.#grow(this.#filled + 1);
    const read = await this.#connection!.read(this.#buffer.subarray(this.#filled));
    if (read === null) throw new FlwrError("unavailable", "The server closed the connection");
    this.#filled += read;
  }

  #grow(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(bytes, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = larger;
  }
}

async function connect({ http, authority }: HttpLineOptions): Promise<Deno.TlsConn> {
  const [hostname, port] = http.split(":") as [string, string];
  return await Deno.connectTls({ hostname, port: Number(port), caCerts: [authority] });
}

function isClosed(error: unknown): boolean {
  return error instanceof FlwrError && error.code === "unavailable" ||
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.UnexpectedEof;
}

/** Where the body starts, or -1 as long as the head is not whole. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(HEAD_END[0]!); at >= 0; at = bytes.indexOf(HEAD_END[0]!, at + 1)) {
    if (HEAD_END.every((byte, place) => bytes[at + place] === byte)) return at + HEAD_END.length;
  }
  return -1;
}
