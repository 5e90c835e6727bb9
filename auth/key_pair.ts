import { FlwrError } from "../base/error.ts";
import { parsePrivateKey } from "./parse_private_key.ts";
import { parsePublicKey } from "./parse_public_key.ts";
import { belongTogether, type PrivateKey } from "./private_key.ts";
import type { PublicKey } from "./public_key.ts";
import { CREATE_KEYS, describeFile, type NamedFile, readText, type TextKind } from "./read_text.ts";

/** Largest key file in bytes. An OpenSSH P-521 key with a long comment has less than 2 KiB. */
export const MAX_KEY_FILE_BYTES = 64 * 1024;

/** How key files are read. */
export const KEY_FILE: Omit<TextKind, "what"> = {
  maxBytes: MAX_KEY_FILE_BYTES,
  otherText: "latin1",
  ifAbsent: CREATE_KEYS,
};

/** Files of a key pair, and the flags that name them. */
export interface KeyPairFiles {
  readonly privateFile: string;
  readonly publicFile: string;
  /** Such as "--auth-supernode-private-key". */
  readonly privateFlag?: string;
  /** Such as "--auth-supernode-public-key". */
  readonly publicFlag?: string;
}

/**
 * Reads a private and a public key file, and checks that they belong together.
 *
 * @returns the private key, which includes the public key
 * @throws FlwrError like readPrivateKey and readPublicKey; failed-precondition if the files are of different pairs
 */
export async function readKeyPair(files: KeyPairFiles): Promise<PrivateKey> {
  const privateNamed = { file: files.privateFile, flag: files.privateFlag };
  const publicNamed = { file: files.publicFile, flag: files.publicFlag };
  const [privateKey, publicKey] = await Promise.all([
    readPrivateKey(privateNamed),
    readPublicKey(publicNamed),
  ]);
  if (!belongTogether(privateKey, publicKey)) {
    throw new FlwrError(
      "failed-precondition",
      `Private key in ${describeFile(privateNamed)} and public key in ${
        describeFile(publicNamed)
      } ` +
        `do not belong together: ${privateKey.publicKey.fingerprint} and ${publicKey.fingerprint}`,
      { hints: [`Show the public half of the private key: ssh-keygen -y -f ${files.privateFile}`] },
    );
  }
  return privateKey;
}

/**
 * Reads a private key file: OpenSSH, PKCS#8 PEM or SEC 1 PEM, unencrypted.
 *
 * @throws FlwrError with file and flag: not-found, permission-denied, failed-precondition (encrypted), invalid-argument
 *   (damaged, or another kind of file)
 */
export async function readPrivateKey(named: NamedFile): Promise<PrivateKey> {
  const text = await readText(named, { ...KEY_FILE, what: "Private key" });
  return await parsePrivateKey(text, `in ${describeFile(named)}`, named.file);
}

/**
 * Reads a public key file: an OpenSSH line or a PEM block.
 *
 * @throws FlwrError with file and flag: not-found, permission-denied, invalid-argument (damaged, or another kind of
 *   file)
 */
export async function readPublicKey(named: NamedFile): Promise<PublicKey> {
  const text = await readText(named, { ...KEY_FILE, what: "Public key" });
  return await parsePublicKey(text, `in ${describeFile(named)}`);
}
