import { asBytes } from "../../../auth/bytes.ts";
import { SshReader } from "../../../auth/ssh_wire.ts";
import { FlwrError } from "../../../base/error.ts";

const KEY_TYPE = "ssh-ed25519";
const POINT_BYTES = 32;

/**
 * Reads an Ed25519 public key in OpenSSH's format (RFC 8709, section 4): "ssh-ed25519 AAAA… comment".
 *
 * @param where the key's origin for errors, after "Public key": `of "fpk_1" in "trusted.yaml"`
 * @throws FlwrError "invalid-argument" for another type of key, or a damaged one
 */
export async function readEd25519Key(line: string, where: string): Promise<CryptoKey> {
  const [type, base64 = ""] = line.trim().split(/\s+/);
  if (type !== KEY_TYPE) {
    throw new FlwrError(
      "invalid-argument",
      `Public key ${where} has type "${type}", expected "${KEY_TYPE}"`,
    );
  }
  const point = pointOf(base64);
  if (point?.length !== POINT_BYTES) {
    throw new FlwrError("invalid-argument", `Public key ${where} is damaged`, {
      hints: ['Copy the full line again: "ssh-ed25519" and one word of base64'],
    });
  }
  return await crypto.subtle.importKey("raw", asBytes(point), "Ed25519", false, ["verify"]);
}

/** The key's point. Undefined if the text is not an SSH key of the type. */
function pointOf(base64: string): Uint8Array | undefined {
  try {
    const reader = new SshReader(Uint8Array.fromBase64(base64));
    if (reader.text() !== KEY_TYPE) return undefined;
    const point = reader.string();
    reader.end();
    return point;
  } catch {
    return undefined; // Not base64, or truncated.
  }
}
