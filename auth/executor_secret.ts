import { createHmac, timingSafeEqual } from "node:crypto";
import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { sha256Hex } from "../base/platform.ts";
import { LastingReplayGuard } from "./lasting_replay_guard.ts";
import { MAX_AGE_SECONDS, MAX_LEAD_SECONDS, SIGNATURE_WINDOW_SECONDS } from "./signed_time.ts";

/** Names of the headers that authenticate a program which takes on tasks (Flower's SuperExec, since 1.30). */
export const EXECUTOR_HEADERS = {
  timestamp: "flwr-superexec-ts",
  nonce: "flwr-superexec-nonce",
  bodySha256: "flwr-superexec-body-sha256",
  signature: "flwr-superexec-signature",
} as const;

/** What those headers say. */
export interface ExecutorSignature {
  /** Whole Unix seconds, in decimal. */
  readonly timestamp: string;
  /** 32 hexadecimal digits, different in every call. */
  readonly nonce: string;
  /** SHA-256 of the request's bytes, lower-case hexadecimal. */
  readonly bodySha256: string;
  /** HMAC-SHA256 over all of it, lower-case hexadecimal. */
  readonly signature: string;
}

/** From which secret the signing key is derived, so that the secret can serve other uses. */
const CONTEXT = "superexec-auth-v1";

const TIMESTAMP = /^\d{1,12}$/;
const NONCE = /^[0-9a-f]{32}$/;

/**
 * The secret that a SuperLink shares with the programs that may take on its tasks: it tells their calls from a
 * stranger's. Each signature is accepted once.
 */
export class ExecutorSecret {
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  readonly #nonces: Pick<LastingReplayGuard, "accept">;

  /**
   * @param secret the file's bytes as they are
   * @param nonces remembers the signatures; by default as long as this object lives
   * @throws FlwrError "invalid-argument" for an empty secret
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
      throw new FlwrError("invalid-argument", "The secret of programs that take on tasks is empty");
    }
    this.#key = createHmac("sha256", secret).update(CONTEXT).digest();
    this.#clock = clock;
    this.#nonces = nonces;
  }

  /**
   * Signs a call.
   *
   * @param method its gRPC path, "/flwr.proto.Runtime/AcquireTask"
   * @param body the request's bytes, serialised deterministically
   * @param nonce 32 hexadecimal digits that were never used before
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
   * Whether a call was signed with the secret, lately, and did not come before. The request need not have come for
   * that: its hash is signed, and {@link isSignedBody} compares it.
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
    // Many programs with many clocks share the secret, so that each nonce is remembered by itself.
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

/** Whether a request is the one that was signed. @param body its bytes as they came */
export function isSignedBody(body: Uint8Array, { bodySha256 }: ExecutorSignature): boolean {
  return sha256Hex(body) === bodySha256;
}
