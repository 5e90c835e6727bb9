import { KEY_FILE } from "../../../auth/key_pair.ts";
import { readKeyList } from "../../../auth/key_list.ts";
import { parsePrivateKey } from "../../../auth/parse_private_key.ts";
import { parsePublicKey } from "../../../auth/parse_public_key.ts";
import type { PublicKey } from "../../../auth/public_key.ts";
import { describeFile, readText } from "../../../auth/read_text.ts";

/**
 * Describes the keys of a list, one per line: the fingerprint, which the SuperLink's log uses as well, and the curve.
 *
 * @throws FlwrError naming line and cell when the list is invalid
 */
export async function showKeyList(file: string): Promise<string[]> {
  const list = await readKeyList({ file });
  return list.keys().map(describeKey);
}

/**
 * Describes a private or public key file: fingerprint, curve and public key.
 *
 * @throws FlwrError when the file contains no key
 */
export async function showKey(file: string): Promise<string[]> {
  const where = `in ${describeFile({ file })}`;
  const text = await readText({ file }, { ...KEY_FILE, what: "Key" });
  const key = text.includes("PRIVATE KEY-----")
    ? (await parsePrivateKey(text, where, file)).publicKey
    : await parsePublicKey(text, where);
  return [describeKey(key), key.openssh];
}

function describeKey({ fingerprint, curve }: PublicKey): string {
  return `${fingerprint}  ${curve}`;
}
