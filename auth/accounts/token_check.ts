import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { RecentMap } from "../../base/recent_map.ts";
import { RateLimiter } from "../rate_limiter.ts";
import { sha256Hex } from "../../base/platform.ts";
import type { Claims } from "./claims.ts";
import { invalidToken, isJwt } from "./jwt_check.ts";
import { MAX_TOKEN_CHARACTERS } from "./provider.ts";

/** Seconds for which the result of a check is used again. A revoked opaque token is good for as long. */
const KEPT_SECONDS = 60;

/** Number of accepted tokens, and of refused ones, that are remembered. */
const MAX_KEPT = 10_000;

/** Checks and logins that wait for the provider at one time. */
const MAX_IN_FLIGHT = 16;

/** Checks of unknown tokens, and steps of logins, that one address may cause at once; then how many per second. */
const BURST = 40;
const PER_SECOND = 2;

/** What a {@link TokenCheck} asks. */
export interface TokenSources {
  /** Checks a JWT. @returns undefined for one that is not valid */
  jwt(token: string, now: number): Promise<Claims | undefined>;
  /** Checks an opaque token. @returns undefined for one that is not valid */
  opaque(token: string): Promise<Claims | undefined>;
}

/** Options of a {@link TokenCheck}. */
export interface TokenCheckOptions {
  readonly clock?: Clock;
  readonly maxInFlight?: number;
  readonly burst?: number;
  readonly perSecond?: number;
  /** Number of accepted, and of refused, tokens to remember. */
  readonly capacity?: number;
}

/**
 * Checks access tokens, and remembers the results by the SHA-256 of the token. It bounds what strangers can cause:
 * every question to the provider counts for the caller's address, and few are open at one time.
 */
export class TokenCheck {
  readonly #sources: TokenSources;
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly #maxInFlight: number;
  readonly #accepted: RecentMap<string, { readonly claims: Claims; readonly until: number }>;
  /** Apart from the accepted ones, so that a flood of refused tokens does not push those out. */
  readonly #refused: RecentMap<string, number>;
  readonly #open = new Map<string, Promise<Claims | undefined>>();
  #inFlight = 0;

  constructor(sources: TokenSources, options: TokenCheckOptions = {}) {
    const { clock = systemClock, maxInFlight = MAX_IN_FLIGHT, capacity = MAX_KEPT } = options;
    const { burst = BURST, perSecond = PER_SECOND } = options;
    this.#sources = sources;
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
    this.#limiter = new RateLimiter({ burst, perSecond, clock });
    this.#accepted = new RecentMap(capacity);
    this.#refused = new RecentMap(capacity);
  }

  /**
   * Checks a token.
   *
   * @param host the caller's address
   * @throws FlwrError "unauthenticated"; "unavailable" if the provider cannot be asked; "resource-exhausted" if the
   *   address has caused too many questions
   */
  async check(token: string, host: string): Promise<Claims> {
    if (!isSane(token)) throw invalidToken();
    const hash = sha256Hex(token);
    const now = this.#clock.now();
    const known = this.#accepted.get(hash);
    if (known !== undefined && known.until > now) return known.claims;
    if ((this.#refused.get(hash) ?? 0) > now) throw invalidToken();
    const open = this.#open.get(hash);
    const claims = await (open ?? this.#begin(hash, token, host));
    if (claims === undefined) throw invalidToken();
    return claims;
  }

  /**
   * Makes a call to the provider on behalf of a caller, within the same bounds.
   *
   * @throws FlwrError "resource-exhausted"; what the call throws
   */
  async bounded<T>(host: string, call: () => Promise<T>): Promise<T> {
    const seconds = this.#limiter.take(host);
    if (seconds > 0) throw tooMany(seconds);
    if (this.#inFlight >= this.#maxInFlight) throw tooMany(1);
    this.#inFlight++;
    try {
      return await call();
    } finally {
      this.#inFlight--;
    }
  }

  #begin(hash: string, token: string, host: string): Promise<Claims | undefined> {
    const asked = this.bounded(host, () => this.#ask(hash, token))
      .finally(() => this.#open.delete(hash));
    this.#open.set(hash, asked);
    return asked;
  }

  async #ask(hash: string, token: string): Promise<Claims | undefined> {
    const { jwt, opaque } = this.#sources;
    const claims = isJwt(token) ? await jwt(token, this.#clock.now()) : await opaque(token);
    const now = this.#clock.now();
    if (claims === undefined) {
      this.#refused.set(hash, now + KEPT_SECONDS);
      return undefined;
    }
    const { exp } = claims;
    const until = Math.min(now + KEPT_SECONDS, typeof exp === "number" ? exp : Infinity);
    this.#accepted.set(hash, { claims, until });
    return claims;
  }
}

/** Whether a text can be a token: visible ASCII of a sensible length. */
export function isSane(token: string): boolean {
  return token.length <= MAX_TOKEN_CHARACTERS && /^[\x21-\x7e]+$/.test(token);
}

function tooMany(seconds: number): FlwrError {
  return new FlwrError(
    "resource-exhausted",
    `Too many logins or unknown tokens: try again in ${Math.ceil(seconds)} s`,
  );
}
