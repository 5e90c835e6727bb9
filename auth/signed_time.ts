import { type Clock, systemClock } from "../base/clock.ts";
import { asBytes } from "./bytes.ts";
import { rawFromDerSignature } from "./ecdsa_signature.ts";
import type { PrivateKey } from "./private_key.ts";
import { importPublicKey, type PublicKey } from "./public_key.ts";

/** How far a signed time may lie in the past and in the future, in seconds (flwr 1.41, supercore/auth). */
export const MAX_AGE_SECONDS = 305;
export const MAX_LEAD_SECONDS = 5;

/** How long an accepted signature must be remembered, in seconds: while its time is accepted. */
export const SIGNATURE_WINDOW_SECONDS = MAX_AGE_SECONDS + MAX_LEAD_SECONDS;

/** ISO 8601 with seconds, any number of decimals, and an offset, which Flower insists on. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** The credentials of one call since Flower 1.15: a time and its signature. The body is not signed. */
export interface SignedTime {
  /** As "2026-11-23T09:28:51.845000+00:00". */
  readonly timestamp: string;
  /** ECDSA over SHA-256 of the timestamp's ASCII bytes, whatever the curve, in DER. */
  readonly signature: Uint8Array;
}

/** How far the signed times may run ahead of the clock so as to rise, in microseconds. */
const MAX_RISE_MICROSECONDS = 1e6;

/** The last time that each key signed, in microseconds, whichever signer it was. */
const lastSigned = new WeakMap<PrivateKey, number>();

/**
 * Signs the present time, each time another one.
 *
 * Deno's ECDSA is deterministic (RFC 6979): one time signed twice would give one signature, which a replay guard
 * takes for a replay. So the times that a key signs rise by a microsecond at least.
 */
export class TimeSigner {
  readonly #key: PrivateKey;
  readonly #clock: Clock;

  constructor(key: PrivateKey, clock: Clock = systemClock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** The credentials of the next call. */
  async sign(): Promise<SignedTime> {
    const now = Math.floor(this.#clock.now() * 1e6);
    const last = lastSigned.get(this.#key) ?? 0;
    // A clock that was set back counts at once: times of the past that lead by more than a few seconds are refused.
    const time = last - now > MAX_RISE_MICROSECONDS ? now : Math.max(now, last + 1);
    lastSigned.set(this.#key, time);
    const timestamp = formatTime(time);
    return { timestamp, signature: await this.#key.sign(new TextEncoder().encode(timestamp)) };
  }
}

/** As Python's isoformat writes a UTC time with microseconds. */
function formatTime(microseconds: number): string {
  const milliseconds = new Date(Math.floor(microseconds / 1000)).toISOString().slice(0, -1);
  return `${milliseconds}${String(microseconds % 1000).padStart(3, "0")}+00:00`;
}

/** A time that the key's holder has signed, and that does not count because it is too far from the clock's. */
export interface TimeOff {
  /** Seconds by which it lies ahead; negative when it lies behind. */
  readonly offset: number;
}

/** A signed time that was found genuine: what a ReplayGuard must remember for SIGNATURE_WINDOW_SECONDS. */
export interface VerifiedTime {
  /**
   * The last bytes of the signature's r, without s: whoever has r ‖ s can write r ‖ n − s, which verifies as well, but
   * cannot change r.
   */
  readonly nonce: string;
  /** The signed Unix time. */
  readonly seconds: number;
}

/** Bytes of r that tell one signature from every other: r is random, and 2¹²⁸ are enough. */
const NONCE_BYTES = 16;

/**
 * Checks a signed time.
 *
 * @returns undefined when the time is malformed, or the signature not the key's; {@link TimeOff} for a time outside the
 *   window that the key has signed
 */
export async function verifyTime(
  key: PublicKey,
  { timestamp, signature }: SignedTime,
  clock: Clock = systemClock,
): Promise<VerifiedTime | TimeOff | undefined> {
  if (!ISO_TIME.test(timestamp)) return undefined;
  const seconds = Date.parse(timestamp) / 1000;
  if (!Number.isFinite(seconds)) return undefined;
  const raw = rawFromDerSignature(signature, key.curve);
  if (raw === undefined) return undefined;
  const genuine = await crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" },
    await importPublicKey(key, "ECDSA"),
    raw,
    asBytes(new TextEncoder().encode(timestamp)),
  );
  if (!genuine) return undefined;
  // After the signature, whose check takes time.
  const age = clock.now() - seconds;
  if (!(age > -MAX_LEAD_SECONDS && age < MAX_AGE_SECONDS)) return { offset: -age };
  const r = raw.subarray(0, raw.length / 2);
  return { nonce: r.subarray(-NONCE_BYTES).toHex(), seconds };
}
