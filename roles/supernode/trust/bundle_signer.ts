import { asBytes } from "../../../auth/bytes.ts";
import type { AppBundle } from "../../../app/connection.ts";
import type { TrustedEntities } from "./trusted_entities.ts";

/** An entry of the verifications that is not a signature: the SuperLink's statement about its licence. */
const LICENCE_ENTRY = "valid_license";

/**
 * Finds a trusted entity that signed a bundle. A signature is Ed25519 over the 8 bytes of the signing time (Unix seconds,
 * big endian), then the bundle's SHA-256 (Flower 1.41 contract, section 4). One valid signature is enough. Unreadable
 * records are ignored.
 *
 * @returns the id of the first valid signature's key, or undefined
 */
export async function bundleSigner(
  { content, verifications }: AppBundle,
  trusted: TrustedEntities,
): Promise<string | undefined> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", asBytes(content)));
  for (const [id, record] of Object.entries(verifications)) {
    const key = trusted.get(id);
    if (key === undefined || id === LICENCE_ENTRY) continue;
    const signed = readSignature(record);
    if (signed === undefined) continue;
    const message = new Uint8Array(8 + digest.length);
    new DataView(message.buffer).setBigUint64(0, signed.at);
    message.set(digest, 8);
    if (await crypto.subtle.verify("Ed25519", key, signed.signature, message)) return id;
  }
  return undefined;
}

/** Reads a record's JSON: `{"signature": base64url, "signed_at": seconds}`. Undefined if it is malformed. */
function readSignature(
  record: string,
): { signature: Uint8Array<ArrayBuffer>; at: bigint } | undefined {
  try {
    const { signature, signed_at: at } = JSON.parse(record) as Record<string, unknown>;
    if (typeof signature !== "string" || !Number.isSafeInteger(at) || (at as number) < 0) {
      return undefined;
    }
    return {
      signature: Uint8Array.fromBase64(signature, { alphabet: "base64url" }),
      at: BigInt(at as number),
    };
  } catch {
    return undefined; // Not JSON, or not base64.
  }
}
