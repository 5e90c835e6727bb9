import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../base/clock.ts";

/** Length of the key of {@link SignedLinks}, in bytes. */
export const LINK_KEY_BYTES = 32;

/** Bytes of the signed facts: the run's id and the time of expiry, both as 64-bit big-endian integers. */
const FACTS_BYTES = 16;
/** Bytes of HMAC-SHA-256. */
const TAG_BYTES = 32;

/** Distinguishes these signatures from others with the same key. */
const CONTEXT = "flwr artifact link v1\n";

const TOKEN = new RegExp(`^[0-9a-f]{${2 * (FACTS_BYTES + TAG_BYTES)}}$`);

/**
 * Temporary links to a run. A token names its run and expiry, and is signed, so nothing is remembered: each SuperLink
 * with the same key accepts it.
 */
export class SignedLinks {
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  readonly #seconds: number;

  /**
   * @param key {@link LINK_KEY_BYTES} secret random bytes
   * @param seconds time for which a link is valid
   */
  constructor(key: Uint8Array, clock: Clock, seconds: number) {
    if (key.length !== LINK_KEY_BYTES) throw new TypeError(`A key of ${key.length} bytes`);
    this.#key = key;
    this.#clock = clock;
    this.#seconds = seconds;
  }

  /** Creates a token for a run, of hexadecimal digits. */
  issue(runId: bigint): string {
    const facts = new Uint8Array(FACTS_BYTES);
    const view = new DataView(facts.buffer);
    view.setBigUint64(0, runId);
    view.setBigUint64(8, BigInt(Math.ceil(this.#clock.now() + this.#seconds)));
    return facts.toHex() + this.#tag(facts).toHex();
  }

  /** The run of a token. Undefined for a token that is not valid, or has expired. */
  runOf(token: string): bigint | undefined {
    if (!TOKEN.test(token)) return undefined;
    const bytes = Uint8Array.fromHex(token);
    const facts = bytes.subarray(0, FACTS_BYTES);
    if (!timingSafeEqual(bytes.subarray(FACTS_BYTES), this.#tag(facts))) return undefined;
    const view = new DataView(bytes.buffer);
    return Number(view.getBigUint64(8)) > this.#clock.now() ? view.getBigUint64(0) : undefined;
  }

  #tag(facts: Uint8Array): Uint8Array {
    return new Uint8Array(createHmac("sha256", this.#key).update(CONTEXT).update(facts).digest());
  }
}
