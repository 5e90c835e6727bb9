import { derFromRawSignature } from "../../auth/ecdsa_signature.ts";
import { type PublicKey, publicKeyFromSpki } from "../../auth/public_key.ts";
import { sha256Hex } from "../../base/platform.ts";
import {
  PUBLIC_KEY_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from "../../rpc/dialects/current/headers.ts";

/** The metadata of a call that carries its signature. */
export type CallMetadata = Readonly<Record<string, string | Uint8Array>>;

/** Signs a message with ECDSA and SHA-256. @returns the signature in DER */
type Sign = (message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

/**
 * A P-256 key of a simulated node, for thousands of nodes on one machine: it is made and signs in a fraction of the time
 * of the program's own, where the system has OpenSSL 3.
 */
export class FleetKey {
  readonly publicKey: PublicKey;
  /** The public key as calls carry it: its PEM text as bytes. */
  readonly pem: Uint8Array;
  readonly #sign: Sign;
  #last = 0;

  private constructor(publicKey: PublicKey, sign: Sign) {
    this.publicKey = publicKey;
    this.pem = new TextEncoder().encode(publicKey.pem);
    this.#sign = sign;
  }

  static async generate(): Promise<FleetKey> {
    const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign"]) as CryptoKeyPair;
    const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
    const openssl = SIGNER?.signerOf(pkcs8);
    const sign: Sign = openssl ?? (async (message) => {
      const hash = { ...ALGORITHM, hash: "SHA-256" };
      return derFromRawSignature(
        new Uint8Array(await crypto.subtle.sign(hash, pair.privateKey, message)),
      );
    });
    return new FleetKey(await publicKeyFromSpki(spki, "of a simulated node"), sign);
  }

  /** Signs one call more: no two calls of a key have the same time. */
  async sign(): Promise<CallMetadata> {
    this.#last = Math.max(Date.now() * 1000, this.#last + 1);
    const milliseconds = new Date(Math.floor(this.#last / 1000)).toISOString().slice(0, -1);
    const timestamp = `${milliseconds}${String(this.#last % 1000).padStart(3, "0")}+00:00`;
    return {
      [PUBLIC_KEY_HEADER]: this.pem,
      [TIMESTAMP_HEADER]: timestamp,
      [SIGNATURE_HEADER]: await this.#sign(new TextEncoder().encode(timestamp)),
    };
  }
}

/** EVP_PKEY_sign(3) and what it needs. */
const SYMBOLS = {
  d2i_AutoPrivateKey: { parameters: ["pointer", "buffer", "i64"], result: "pointer" },
  EVP_PKEY_CTX_new: { parameters: ["pointer", "pointer"], result: "pointer" },
  EVP_PKEY_sign_init: { parameters: ["pointer"], result: "i32" },
  EVP_PKEY_sign: {
    parameters: ["pointer", "buffer", "buffer", "buffer", "usize"],
    result: "i32",
  },
} as const;
/** Longest P-256 signature in DER, in bytes. */
const MAX_SIGNATURE_BYTES = 72;

/** Signs with the system's OpenSSL. */
class OpenSslSigner {
  readonly #symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

  constructor(symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]) {
    this.#symbols = symbols;
  }

  static open(): OpenSslSigner | undefined {
    try {
      return new OpenSslSigner(Deno.dlopen("libcrypto.so.3", SYMBOLS).symbols);
    } catch {
      return undefined;
    }
  }

  /** Signs with a key, which stays in memory until the process ends. */
  signerOf(pkcs8: Uint8Array<ArrayBuffer>): Sign {
    const { d2i_AutoPrivateKey, EVP_PKEY_CTX_new, EVP_PKEY_sign_init, EVP_PKEY_sign } =
      this.#symbols;
    const start = new BigUint64Array([Deno.UnsafePointer.value(Deno.UnsafePointer.of(pkcs8))]);
    const key = d2i_AutoPrivateKey(null, new Uint8Array(start.buffer), BigInt(pkcs8.length));
    const context = EVP_PKEY_CTX_new(key, null);
    if (EVP_PKEY_sign_init(context) !== 1) throw new Error("OpenSSL cannot sign");
    return (message) => {
      const digest = Uint8Array.fromHex(sha256Hex(message));
      const signature = new Uint8Array(MAX_SIGNATURE_BYTES);
      const length = new BigUint64Array([BigInt(signature.length)]);
      const lengthBytes = new Uint8Array(length.buffer);
      if (EVP_PKEY_sign(context, signature, lengthBytes, digest, BigInt(digest.length)) !== 1) {
        throw new Error("OpenSSL cannot sign");
      }
      return Promise.resolve(signature.slice(0, Number(length[0])));
    };
  }
}

const SIGNER = OpenSslSigner.open();
