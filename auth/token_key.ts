import { timingSafeEqual } from "node:crypto";
import { asBytes, type Bytes } from "./bytes.ts";
import { decodeTokenHeader, encodeTokenHeader } from "./header.ts";
import type { PrivateKey } from "./private_key.ts";
import type { PublicKey } from "./public_key.ts";

const SECRET_BITS = 256;

/**
 * HMAC key that a SuperLink and a SuperNode share, up to Flower 1.14. Each derives it from its own private key and the
 * other's public key.
 */
export class TokenKey {
  readonly #key: CryptoKey;

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  /**
   * Derives the key: ECDH, then HKDF-SHA256 without salt and info to 32 bytes. The HMAC key is their base64url text of
   * 44 ASCII characters (flwr 1.9, common/secure_aggregation/crypto/symmetric_encryption.py).
   *
   * @throws FlwrError failed-precondition if the keys are on different curves
   */
  static async derive(own: PrivateKey, peer: PublicKey): Promise<TokenKey> {
    const text = new TextEncoder().encode(await deriveSecretText(own, peer));
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    return new TokenKey(await crypto.subtle.importKey("raw", text, algorithm, false, ["sign"]));
  }

  /**
   * Computes the value of "auth-token" for a request.
   *
   * @param request deterministic serialisation of the message, which may differ from the bytes on the wire
   */
  async sign(request: Uint8Array): Promise<string> {
    return encodeTokenHeader(await this.#hmac(request));
  }

  /**
   * Whether a value of "auth-token" is valid for a request. The comparison takes constant time.
   *
   * @param request deterministic serialisation of the message
   */
  async verify(request: Uint8Array, header: string): Promise<boolean> {
    const token = decodeTokenHeader(header);
    return token !== undefined && timingSafeEqual(token, await this.#hmac(request));
  }

  async #hmac(request: Uint8Array): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign("HMAC", this.#key, asBytes(request)));
  }
}

/** Derives the text of the HMAC key: 44 characters of base64url. Exported for tests with Flower's own values. */
export async function deriveSecretText(own: PrivateKey, peer: PublicKey): Promise<string> {
  const shared = await own.agree(peer);
  const material = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveBits"]);
  const none = new Uint8Array();
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: none, info: none };
  const secret = await crypto.subtle.deriveBits(algorithm, material, SECRET_BITS);
  return new Uint8Array(secret).toBase64({ alphabet: "base64url" });
}
