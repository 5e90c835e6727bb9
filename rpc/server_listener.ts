import { systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { type Address, formatAddress, parseAddress } from "./address.ts";
import { explainBindError } from "./bind_error.ts";
import { sendAtOnce } from "./no_delay.ts";
import type { ServerCertificate } from "./server.ts";

/** Seconds between two attempts to listen again on a port that the system has not freed yet. */
const AGAIN_SECONDS = 0.01;
/** Most such attempts: two seconds. The system frees it as soon as the pending accept has ended. */
const MAX_ATTEMPTS = 200;

/** A connection that a listener has accepted. */
export type AcceptedConnection = Deno.TcpConn | Deno.TlsConn;

/** Where and how to listen. */
export interface ListenOptions {
  readonly address: Address;
  /** Without it the listener uses plain text. */
  readonly tls: ServerCertificate | undefined;
  /** The protocols offered in a TLS handshake (ALPN). */
  readonly protocols: readonly string[];
  /**
   * Whether other processes of this user may listen on the same port, if they all say so. The system then distributes
   * connections over them. Only on Linux, and only with the unstable feature "net" of Deno.
   */
  readonly sharesPort?: boolean;
}

/**
 * The address with a free port in the place of 0.
 *
 * @param address "host:port"
 * @throws FlwrError "unavailable" if the address cannot be listened on, also if others share the port
 */
export function findPort(address: string): string {
  const wanted = parseAddress(address, { allowZero: true });
  const listener = listen({ address: wanted, tls: undefined, protocols: [] });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return formatAddress({ host: wanted.host, port });
}

/** A listening port, with or without TLS. Its certificate can be replaced while its connections go on. */
export class ServerListener {
  /** The actual port. */
  readonly port: number;
  readonly #options: ListenOptions;
  #listener: Deno.Listener<AcceptedConnection>;
  /** The replacement of the certificate that is in progress. Never rejects. */
  #renewing: Promise<void> | undefined;
  #listening = true;
  #closed = false;

  /** @throws FlwrError "unavailable" when the address cannot be listened on */
  constructor(options: ListenOptions) {
    this.#listener = listen(options);
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    const { host } = options.address;
    this.#options = { ...options, address: { host, port: this.port } };
  }

  /** Accepts the next connection. @throws the platform's errors, also after `close` */
  async accept(): Promise<AcceptedConnection> {
    for (;;) {
      const listener = this.#listener;
      try {
        return await listener.accept();
      } catch (error) {
        await this.#renewing;
        if (this.#closed || this.#listener === listener) throw error;
      }
    }
  }

  /**
   * Uses another certificate for new connections. The port is closed and opened again, because Deno 2.9.3 cannot change
   * the certificate of an open one. Callers in between, some milliseconds, are refused and try again. A shared port is
   * opened before it is closed.
   *
   * @throws FlwrError "invalid-argument" if the platform refuses the certificate, which changes nothing; "unavailable" if
   *   the port cannot be opened again. Nothing is listening then
   */
  async renew(tls: ServerCertificate): Promise<void> {
    const opening = this.#reopen(tls);
    this.#renewing = opening.catch(() => {});
    await opening.finally(() => this.#renewing = undefined);
  }

  /** Stops listening. Accepted connections go on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
  }

  #stop(): void {
    if (this.#listening) this.#listener.close();
    this.#listening = false;
  }

  /** Tries a certificate on another port, while the present one still serves. */
  #requireUsable(tls: ServerCertificate): void {
    const { host } = this.#options.address;
    try {
      listen({ ...this.#options, address: { host, port: 0 }, tls }).close();
    } catch (cause) {
      const { message } = FlwrError.from(cause);
      throw new FlwrError("invalid-argument", `The certificate cannot be used: ${message}`, {
        cause,
      });
    }
  }

  async #reopen(tls: ServerCertificate): Promise<void> {
    if (this.#closed) return;
    this.#requireUsable(tls);
    if (this.#options.sharesPort) {
      const before = this.#listener;
      this.#listener = listen({ ...this.#options, tls });
      before.close();
      return;
    }
    this.#stop();
    for (let attempt = 1; !this.#closed; attempt += 1) {
      try {
        this.#listener = listen({ ...this.#options, tls });
        this.#listening = true;
        return;
      } catch (error) {
        if (attempt === MAX_ATTEMPTS) throw error;
      }
      await systemClock.sleep(AGAIN_SECONDS);
    }
  }
}

function listen(
  { address, tls, protocols, sharesPort }: ListenOptions,
): Deno.Listener<AcceptedConnection> {
  const place = {
    hostname: address.host,
    port: address.port,
    ...(sharesPort && { reusePort: true }),
  };
  try {
    if (tls === undefined) return Deno.listen(place);
    const { cert, key } = tls;
    // Deno's types lack `alpnProtocols`, which node:tls and Deno.serve pass too.
    const options = { ...place, cert, key, alpnProtocols: [...protocols] };
    const listener = Deno.listenTls(options);
    sendAtOnce(listener);
    return listener;
  } catch (error) {
    throw error instanceof Error ? explainBindError(formatAddress(address), error) : error;
  }
}
