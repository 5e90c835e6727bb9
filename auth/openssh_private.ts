import { joinBytes, sameBytes } from "../base/bytes.ts";
import { type Bytes, toSignedInteger } from "./bytes.ts";
import { curveFacts, CURVES } from "./curve.ts";
import { MalformedError } from "./der.ts";
import { writePem } from "./pem.ts";
import type { PrivateKeyParts } from "./pkcs8.ts";
import type { PrivateKey } from "./private_key.ts";
import { pointOf, sshBlob, sshKeyType } from "./public_key.ts";
import { SshReader, sshString, sshUint32 } from "./ssh_wire.ts";

/** PEM label of OpenSSH's own private key format. */
export const OPENSSH_LABEL = "OPENSSH PRIVATE KEY";

const MAGIC = new TextEncoder().encode("openssh-key-v1\0");
/** The private section is padded to a multiple of this, the block size of cipher "none". */
const BLOCK_BYTES = 8;
const COLUMNS = 70;

/** Error for a key that is encrypted with a passphrase. */
export class EncryptedKeyError extends Error {}

/**
 * Decodes an OpenSSH private key (PROTOCOL.key in OpenSSH's source).
 *
 * @param bytes the decoded PEM block
 * @throws EncryptedKeyError if the key has a passphrase
 * @throws MalformedError if the file is damaged, or is not one elliptic-curve key
 */
export function decodeOpenSshPrivate(bytes: Uint8Array): PrivateKeyParts {
  const outer = new SshReader(bytes);
  if (!sameBytes(outer.bytes(MAGIC.length), MAGIC)) throw new MalformedError("its magic is wrong");
  const [cipher, kdf] = [outer.text(), outer.text()];
  outer.string();
  if (cipher !== "none" || kdf !== "none") throw new EncryptedKeyError();
  const count = outer.uint32();
  if (count !== 1) throw new MalformedError(`it contains ${count} keys, not one`);
  const publicBlob = outer.string();
  const secret = new SshReader(outer.string());
  outer.end();

  if (secret.uint32() !== secret.uint32()) throw new MalformedError("its check numbers differ");
  const type = secret.text();
  const facts = CURVES.find((candidate) => sshKeyType(candidate) === type);
  if (facts === undefined) {
    const known = /^[a-z0-9@.-]{1,64}$/.test(type) ? `of type "${type}"` : "of an unknown type";
    throw new MalformedError(`it is ${known}, not ${CURVES.map(sshKeyType).join(", ")}`);
  }
  if (secret.text() !== facts.sshName) throw new MalformedError("its type and its curve differ");
  const point = secret.string();
  const scalar = secret.unsigned();
  secret.string();
  // The padding may have any length, because Python adds a whole block where none is needed.
  if (!secret.rest.every((byte, index) => byte === index + 1)) {
    throw new MalformedError("its padding is wrong");
  }
  if (!sameBytes(publicBlob, sshBlob(facts, point))) {
    throw new MalformedError("its two public parts differ");
  }
  return { facts, scalar, point };
}

/** Options of {@link encodeOpenSshPrivate}. */
export interface OpenSshPrivateOptions {
  /** Comment of the key; default: none. */
  comment?: string;
  /** The 4 bytes that are written twice to verify decryption; default: random, as ssh-keygen does. */
  check?: Uint8Array;
}

/** Encodes an unencrypted OpenSSH private key file, as ssh-keygen writes it. */
export function encodeOpenSshPrivate(key: PrivateKey, options: OpenSshPrivateOptions = {}): string {
  const { comment = "", check = crypto.getRandomValues(new Uint8Array(4)) } = options;
  const facts = curveFacts(key.publicKey.curve);
  const blob = sshBlob(facts, pointOf(key.publicKey));
  const scalar = sshString(toSignedInteger(key.revealScalar()));
  const secret = padded(joinBytes([check, check, blob, scalar, sshString(comment)]));
  const none = sshString("none");
  const whole = joinBytes([
    MAGIC,
    none,
    none,
    sshString(""),
    sshUint32(1),
    sshString(blob),
    sshString(secret),
  ]);
  return writePem(OPENSSH_LABEL, whole, COLUMNS);
}

/** Pads bytes to a whole block with 1, 2, 3 … */
function padded(bytes: Bytes): Bytes {
  const missing = (BLOCK_BYTES - bytes.length % BLOCK_BYTES) % BLOCK_BYTES;
  return joinBytes([bytes, Uint8Array.from({ length: missing }, (_, index) => index + 1)]);
}
