import { type Clock, systemClock } from "../base/clock.ts";
import type { PrivateKey } from "./private_key.ts";
import type { PublicKey } from "./public_key.ts";
import { verifySignature } from "./verify_signature.ts";

/** How far a signed time may be in the past and in the future, in seconds (flwr 1.41, supercore/auth). */
export const MAX_AGE_SECONDS = 305;
export const MAX_LEAD_SECONDS = 5;

/** Time for which an accepted signature must be remembered, in seconds: as long as its time is accepted. */
export const SIGNATURE_WINDOW_SECONDS = MAX_AGE_SECONDS + MAX_LEAD_SECONDS;

/** ISO 8601 with seconds, up to nine decimals, and an offset, which Flower requires. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Credentials of one call since Flower 1.15: a time and its signature. The body is not signed. */
export interface SignedTime {
  /** Such as "2026-11-23T09:28:51.845000+00:00". */
  readonly timestamp: string;
  /** ECDSA signature of the timestamp's ASCII bytes in DER, with SHA-256 on every curve. */
  readonly signature: Uint8Array;
}

/** How far signed times may run ahead of the clock to be unique, in microseconds. */
const MAX_RISE_MICROSECONDS = 1e6;

/** Last time signed with each key, by any signer, in microseconds. */
const lastSigned = new WeakMap<PrivateKey, number>();

/**
 * Signs the current time. Each signed time is unique.
 *
 * WebCrypto's ECDSA is deterministic in Deno (RFC 6979): signing one time twice would give the same signature, which a
 * replay guard refuses. So the times signed with a key increase by at least a microsecond.
 */
export class TimeSigner {
  readonly #key: PrivateKey;
  readonly #clock: Clock;

  constructor(key: PrivateKey, clock: Clock = systemClock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** Creates the credentials of the next call. */
  async sign(): Promise<SignedTime> {
    const now = Math.floor(this.#clock.now() * 1e6);
    const last = lastSigned.get(this.#key) ?? 0;
    // Follows a clock that was set back, because servers refuse times more than a few seconds ahead.
    const time = last - now > MAX_RISE_MICROSECONDS ? now : Math.max(now, last + 1);
    lastSigned.set(this.#key, time);
    const timestamp = formatTime(time);
    return { timestamp, signature: await this.#key.sign(new TextEncoder().encode(timestamp)) };
  }
}

/** Formats a UTC time with microseconds, as Python's isoformat does. */
function formatTime(microseconds: number): string {
  const milliseconds = new Date(Math.floor(microseconds / 1000)).toISOString().slice(0, -1);
  return `${milliseconds}${String(microseconds % 1000).padStart(3, "0")}+00:00`;
}

/** A time with a valid signature that is too far from the clock. */
export interface TimeOff {
  /** Seconds by which the time is ahead of the clock; negative if it is behind. */
  readonly offset: number;
}

/** A valid signed time, which a ReplayGuard must remember for SIGNATURE_WINDOW_SECONDS. */
export interface VerifiedTime {
  /**
   * The last bytes of the signature's r. Without s, because anyone can turn r ‖ s into r ‖ n − s, which is valid, too.
   */
  readonly nonce: string;
  /** The signed Unix time. */
  readonly seconds: number;
}

/** Number of bytes of r that identify a signature. r is random, and 2¹²⁸ values are enough. */
const NONCE_BYTES = 16;

/**
 * Verifies a signed time.
 *
 * @returns undefined if the time is malformed or the signature invalid; {@link TimeOff} if the signature is valid but
 *   the time is outside the window
 */
export async function verifyTime(
  key: PublicKey,
  { timestamp, signature }: SignedTime,
  clock: Clock = systemClock,
): Promise<VerifiedTime | TimeOff | undefined> {
  if (!ISO_TIME.test(timestamp)) return undefined;
  const seconds = Date.parse(timestamp) / 1000;
  if (!Number.isFinite(seconds)) return undefined;
  const genuine = await verifySignature(key, new TextEncoder().encode(timestamp), signature);
  if (genuine === undefined) return undefined;
  // Checked after the signature, because verifying takes time.
  const age = clock.now() - seconds;
  if (!(age > -MAX_LEAD_SECONDS && age < MAX_AGE_SECONDS)) return { offset: -age };
  const r = genuine.raw.subarray(0, genuine.raw.length / 2);
  return { nonce: r.subarray(-NONCE_BYTES).toHex(), seconds };
}
