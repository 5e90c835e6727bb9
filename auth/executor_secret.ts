import { createHmac, timingSafeEqual } from "node:crypto";
import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { sha256Hex } from "../base/platform.ts";
import { LastingReplayGuard } from "./lasting_replay_guard.ts";
import { MAX_AGE_SECONDS, MAX_LEAD_SECONDS, SIGNATURE_WINDOW_SECONDS } from "./signed_time.ts";

/** Names of the headers that authenticate an executor, a program that runs tasks (Flower's SuperExec, since 1.30). */
export const EXECUTOR_HEADERS = {
  timestamp: "flwr-superexec-ts",
  nonce: "flwr-superexec-nonce",
  bodySha256: "flwr-superexec-body-sha256",
  signature: "flwr-superexec-signature",
} as const;

/** Values of the {@link EXECUTOR_HEADERS}. */
export interface ExecutorSignature {
  /** Whole Unix seconds, in decimal. */
  readonly timestamp: string;
  /** 32 hexadecimal digits, unique for each call. */
  readonly nonce: string;
  /** SHA-256 of the request's bytes, lower-case hexadecimal. */
  readonly bodySha256: string;
  /** HMAC-SHA256 over the method and the other values, lower-case hexadecimal. */
  readonly signature: string;
}

/** Context for deriving the signing key from the secret, which keeps it apart from keys for other uses. */
const CONTEXT = "superexec-auth-v1";

const TIMESTAMP = /^\d{1,12}$/;
const NONCE = /^[0-9a-f]{32}$/;

/**
 * Secret that a SuperLink shares with its executors. It signs and verifies their calls. Each signature is accepted
 * once.
 */
export class ExecutorSecret {
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  readonly #nonces: Pick<LastingReplayGuard, "accept">;

  /**
   * @param secret the unchanged bytes of the secret's file
   * @param nonces guard that remembers accepted signatures; default: one that lasts as long as this object
   * @throws FlwrError invalid-argument if the secret is empty
   */
  constructor(
    secret: Uint8Array,
    clock: Clock = systemClock,
    nonces: Pick<LastingReplayGuard, "accept"> = new LastingReplayGuard({
      windowSeconds: SIGNATURE_WINDOW_SECONDS,
      clock,
    }),
  ) {
    if (secret.length === 0) {
      throw new FlwrError("invalid-argument", "The secret of flower-superexec is empty");
    }
    this.#key = createHmac("sha256", secret).update(CONTEXT).digest();
    this.#clock = clock;
    this.#nonces = nonces;
  }

  /**
   * Signs a call.
   *
   * @param method gRPC path, such as "/flwr.proto.Runtime/AcquireTask"
   * @param body the request, serialised deterministically
   * @param nonce 32 hexadecimal digits; must be unique
   */
  sign(method: string, body: Uint8Array, nonce: string): ExecutorSignature {
    const unsigned = {
      timestamp: String(Math.floor(this.#clock.now())),
      nonce,
      bodySha256: sha256Hex(body),
    };
    return { ...unsigned, signature: this.#hmac(method, unsigned).toString("hex") };
  }

  /**
   * Whether a call has a valid, recent and unused signature. The request's body is not needed yet: the signature covers
   * its hash, which {@link isSignedBody} compares.
   */
  async verify(method: string, signed: ExecutorSignature): Promise<boolean> {
    if (!TIMESTAMP.test(signed.timestamp) || !NONCE.test(signed.nonce)) return false;
    const seconds = Number(signed.timestamp);
    const age = this.#clock.now() - seconds;
    if (!(age > -MAX_LEAD_SECONDS && age < MAX_AGE_SECONDS)) return false;
    const expected = this.#hmac(method, signed);
    const given = Uint8Array.from(signed.signature, (character) => character.charCodeAt(0));
    const wanted = new TextEncoder().encode(expected.toString("hex"));
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
    // Each nonce is a peer of its own, because executors with different clocks share the secret.
    const { nonce } = signed;
    return await this.#nonces.accept(`executor ${nonce}`, { nonce, seconds }, 0) === "fresh";
  }

  #hmac(method: string, signed: Omit<ExecutorSignature, "signature">) {
    const { timestamp, nonce, bodySha256 } = signed;
    return createHmac("sha256", this.#key)
      .update(`method=${method}\nts=${timestamp}\nnonce=${nonce}\nbody_sha256=${bodySha256}`)
      .digest();
  }
}

/** Whether the signature is for this request. @param body the request's bytes as received */
export function isSignedBody(body: Uint8Array, { bodySha256 }: ExecutorSignature): boolean {
  return sha256Hex(body) === bodySha256;
}
