import { parseAddress } from "../address.ts";

/** A server's response, parsed no further than a test needs. */
export interface RawResponse {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A TCP connection on which a test can send any bytes. */
export class RawConnection implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(address: string): Promise<RawConnection> {
    const { host: hostname, port } = parseAddress(address);
    return new RawConnection(await Deno.connect({ hostname, port }));
  }

  async write(text: string): Promise<void> {
    await this.writeBytes(new TextEncoder().encode(text));
  }

  async writeBytes(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** Reads until the server closes the connection. */
  async readToEnd(): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const length = await this.#connection.read(buffer).catch(() => null);
      if (length === null) return text;
      text += decoder.decode(buffer.subarray(0, length), { stream: true });
    }
  }

  /** Reads the server's next bytes as text. */
  async read(): Promise<string> {
    const buffer = new Uint8Array(65_536);
    const length = await this.#connection.read(buffer);
    return length === null ? "" : new TextDecoder().decode(buffer.subarray(0, length));
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** Sends one request on a new connection, with `Connection: close`. */
export async function rawRequest(
  address: string,
  line: string,
  headers: readonly string[] = [],
  body = "",
): Promise<RawResponse> {
  using connection = await RawConnection.open(address);
  const head = [`${line} HTTP/1.1`, "Host: test", "Connection: close", ...headers];
  if (body !== "") head.push(`Content-Length: ${new TextEncoder().encode(body).length}`);
  await connection.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  return parseResponse(await connection.readToEnd());
}

/** Parses a response. */
export function parseResponse(text: string): RawResponse {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(first.split(" ")[1]),
    headers: new Map(headers),
    body: rest.join("\r\n\r\n"),
  };
}
