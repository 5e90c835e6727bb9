import { asBytes } from "../../../auth/bytes.ts";
import type { AppBundle } from "../../../app/connection.ts";
import type { TrustedEntities } from "./trusted_entities.ts";

/** An entry among the verifications that is no signature: the SuperLink's word on its licence. */
const LICENCE_ENTRY = "valid_license";

/**
 * Which of the trusted entities signed a bundle: Ed25519 over the 8 bytes of the signing time (Unix seconds, big
 * endian), then the bundle's SHA-256 (Flower 1.41 contract, section 4). One good signature is enough; a record that
 * cannot be read counts as none.
 *
 * @returns the id of the first that did, or undefined
 */
export async function signerOf(
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

/** The record's JSON: `{"signature": base64url, "signed_at": seconds}`. */
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
    return undefined; // not JSON, or not base64: no signature that could be checked
  }
}
