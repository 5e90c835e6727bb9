import { freePorts } from "../../../../tests/support/ports.ts";
import type { PostgresTarget } from "../target.ts";

/** What happens to a part of a connection's bytes. "drop" cuts the connection there. */
type Decision = "pass" | "swallow" | "drop";
/** State of a connection with both of its directions. */
type Pair = { isMute: boolean; isSwallowed: boolean };

/** A proxy to PostgreSQL that cuts connections when a test wants it. */
export class CuttingProxy implements AsyncDisposable {
  readonly #target: PostgresTarget;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #running = new Set<Promise<void>>();
  #listener: Deno.TcpListener;
  #cutAt: { readonly text: string; readonly isForwarded: boolean } | undefined;
  #partsLeft: number | undefined;
  #swallowAt: string | undefined;
  /** Number of connections that were cut at a text. */
  cuts = 0;
  /** Number of connections whose bytes are swallowed. */
  swallowed = 0;
  #cut = Promise.withResolvers<void>();
  /** Resolves when bytes pass on again; undefined while they pass. */
  #held: PromiseWithResolvers<void> | undefined;
  readonly port: number;

  private constructor(target: PostgresTarget) {
    this.#target = target;
    // No connection may take it while the proxy is stopped.
    [this.port] = freePorts(1) as [number];
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#accept(this.#listener);
  }

  static to(target: PostgresTarget): CuttingProxy {
    return new CuttingProxy(target);
  }

  /** Cuts the next connection on which the client sends this text, before or after the server gets it. */
  cutAt(text: string, isForwarded: boolean): void {
    this.#cutAt = { text, isForwarded };
  }

  /** Resolves when a connection was cut at a text. */
  cutOnce(): Promise<void> {
    return this.#cut.promise;
  }

  /** Swallows all bytes of the next connection on which the client sends this text, which stays open. */
  swallowAt(text: string): void {
    this.#swallowAt = text;
  }

  /** Cuts all connections after the clients have sent this many more parts. */
  cutAfter(parts: number): void {
    this.#partsLeft = parts;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const connection of this.#connections) end(connection);
  }

  /** Cuts all connections and accepts no more. */
  stop(): void {
    this.#listener.close();
    this.cut();
  }

  start(): void {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#accept(this.#listener);
  }

  /** Passes nothing on, in either direction, until `release`: as a network that loses everything. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    this.stop();
    await Promise.all(this.#running);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    try {
      for await (const client of listener) this.#serve(client);
    } catch {
      // closed
    }
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    const { host: hostname, port } = this.#target;
    const server = await Deno.connect({ hostname, port }).catch(() => undefined);
    // The server restarts.
    if (server === undefined) return end(client);
    for (const connection of [client, server]) {
      // Otherwise each small part waits up to 40 ms for an acknowledgement.
      connection.setNoDelay();
      this.#connections.add(connection);
    }
    const pair: Pair = { isMute: false, isSwallowed: false };
    const done = Promise.all([
      this.#pass(client, server, (part) => this.#decide(part, pair)),
      // What the server answers is lost with the connection.
      this.#pass(
        server,
        client,
        () => pair.isSwallowed ? "swallow" : pair.isMute ? "drop" : "pass",
      ),
    ]).then(() => {
      for (const connection of [client, server]) {
        this.#connections.delete(connection);
        end(connection);
      }
    });
    this.#running.add(done);
    done.finally(() => this.#running.delete(done));
  }

  /** Whether a part of the client's bytes is where the connection is cut, or begins to be swallowed. */
  #decide(part: Uint8Array, pair: Pair): Decision {
    const text = new TextDecoder("latin1").decode(part);
    if (this.#swallowAt !== undefined && text.includes(this.#swallowAt)) {
      this.#swallowAt = undefined;
      this.swallowed++;
      pair.isSwallowed = true;
    }
    if (pair.isSwallowed) return "swallow";
    if (this.#partsLeft !== undefined && this.#partsLeft-- === 0) {
      this.#partsLeft = undefined;
      this.cut();
    }
    const cut = this.#cutAt;
    if (cut === undefined || !text.includes(cut.text)) return "pass";
    this.#cutAt = undefined;
    this.cuts++;
    this.#cut.resolve();
    pair.isMute = cut.isForwarded;
    return cut.isForwarded ? "pass" : "drop";
  }

  /** Passes bytes on in one direction, until either end closes or a part is to be dropped. */
  async #pass(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    decide: (part: Uint8Array) => Decision,
  ): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let size; (size = await from.read(buffer)) !== null;) {
        await this.#held?.promise;
        const part = buffer.subarray(0, size);
        const decision = decide(part);
        if (decision === "drop") break;
        if (decision === "pass") await writeAll(to, part);
      }
    } catch {
      // the other direction ended
    }
    end(from);
    end(to);
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
}

function end(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // closed before
  }
}
