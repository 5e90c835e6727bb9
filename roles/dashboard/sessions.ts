import { createHash, timingSafeEqual } from "node:crypto";

/** Bytes of the token and of a session's secret: 256 bits. */
const SECRET_BYTES = 32;

/** Sessions at a time: each browser that opens the printed address has one. The oldest ends for a new one. */
export const MAX_SESSIONS = 32;

/** The session of a browser. */
export interface Session {
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
}

/**
 * The browsers that have shown the token of a dashboard. Each has a cookie with a secret of its own. They exist until the
 * user signs out or the program ends.
 */
export class Sessions {
  /** The secret in the address that the user opens. It is never part of a request's URL. */
  readonly token: string = newSecret();
  readonly #tokenHash = hashOf(this.token);
  readonly #open = new Map<string, AbortController>();
  readonly #cookieName: string;

  /** @param port the dashboard's: cookies do not distinguish ports, so their names must */
  constructor(port: number) {
    this.#cookieName = `flwr-dashboard-${port}`;
  }

  /** Opens a session. @returns its Set-Cookie header; undefined if the token is wrong */
  open(token: string): string | undefined {
    if (!timingSafeEqual(hashOf(token), this.#tokenHash)) return undefined;
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_SESSIONS && oldest !== undefined) this.#end(oldest);
    const secret = newSecret();
    this.#open.set(secretKey(secret), new AbortController());
    return `${this.#cookieName}=${secret}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** The session of a request; undefined if it has none. @param cookies its Cookie header */
  find(cookies: string | null): Session | undefined {
    const secret = this.#secretOf(cookies);
    return secret === undefined ? undefined : this.#open.get(secretKey(secret));
  }

  /** Ends the session of a request. @returns a Set-Cookie header that removes the cookie */
  end(cookies: string | null): string {
    const secret = this.#secretOf(cookies);
    if (secret !== undefined) this.#end(secretKey(secret));
    return `${this.#cookieName}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;
  }

  #end(key: string): void {
    this.#open.get(key)?.abort();
    this.#open.delete(key);
  }

  #secretOf(cookies: string | null): string | undefined {
    const prefix = `${this.#cookieName}=`;
    const cookie = cookies?.split(";").map((part) => part.trim()).find((part) =>
      part.startsWith(prefix)
    );
    return cookie?.slice(prefix.length);
  }
}

function newSecret(): string {
  return crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

function hashOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** The key of a secret in the map. It is a hash, so that the time of a look-up says nothing about the secret. */
function secretKey(secret: string): string {
  return hashOf(secret).toHex();
}
