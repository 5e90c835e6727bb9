import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../base/clock.ts";

/** Length of the key of {@link SignedLinks}, in bytes. */
export const LINK_KEY_BYTES = 32;

/** Bytes of the run's id, a big-endian integer like the time of expiry, which follows. */
const RUN_BYTES = 8;
/** Bytes of the signed facts: the run's id and the Unix time of expiry, in seconds. */
const FACTS_BYTES = RUN_BYTES + 6;
/** First bytes of HMAC-SHA-256, which follow. 144 bits cannot be guessed, and 32 bytes in all are what clients accept. */
const TAG_BYTES = 18;

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

  /** Creates a token for a run: 64 hexadecimal digits. */
  issue(runId: bigint): string {
    const facts = new Uint8Array(FACTS_BYTES);
    const view = new DataView(facts.buffer);
    const until = Math.ceil(this.#clock.now() + this.#seconds);
    view.setBigUint64(0, runId);
    view.setUint16(RUN_BYTES, Math.floor(until / 2 ** 32));
    view.setUint32(RUN_BYTES + 2, until % 2 ** 32);
    return facts.toHex() + this.#tag(facts).toHex();
  }

  /** The run of a token. Undefined for a token that is not valid, or has expired. */
  runOf(token: string): bigint | undefined {
    if (!TOKEN.test(token)) return undefined;
    const bytes = Uint8Array.fromHex(token);
    const facts = bytes.subarray(0, FACTS_BYTES);
    if (!timingSafeEqual(bytes.subarray(FACTS_BYTES), this.#tag(facts))) return undefined;
    const view = new DataView(bytes.buffer);
    const until = view.getUint16(RUN_BYTES) * 2 ** 32 + view.getUint32(RUN_BYTES + 2);
    return until > this.#clock.now() ? view.getBigUint64(0) : undefined;
  }

  #tag(facts: Uint8Array): Uint8Array {
    const whole = createHmac("sha256", this.#key).update(CONTEXT).update(facts).digest();
    return new Uint8Array(whole.subarray(0, TAG_BYTES));
  }
}
