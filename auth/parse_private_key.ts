import { FlwrError } from "../base/error.ts";
import { MalformedError } from "./der.ts";
import { derKind } from "./der_kind.ts";
import { decodeOpenSshPrivate, EncryptedKeyError, OPENSSH_LABEL } from "./openssh_private.ts";
import { type PemBlock, privateBlocks } from "./pem.ts";
import { decodePkcs8, decodeSec1, ExplicitParametersError, type PrivateKeyParts } from "./pkcs8.ts";
import { PrivateKey } from "./private_key.ts";

/** Decoder of each kind of PEM block, by label. */
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => PrivateKeyParts>> = {
  [OPENSSH_LABEL]: decodeOpenSshPrivate,
  "PRIVATE KEY": decodePkcs8,
  "EC PRIVATE KEY": (bytes) => decodeSec1(bytes),
};

/**
 * Parses the text of a private key file: OpenSSH's own format, PKCS#8 PEM or SEC 1 PEM.
 *
 * @param where text after "Private key" in errors, such as `in "keys/a" (--auth-supernode-private-key)`
 * @param file name of the file, for hints
 * @throws FlwrError failed-precondition if the key is encrypted; invalid-argument if it is damaged or of another kind
 */
export async function parsePrivateKey(
  text: string,
  where: string,
  file = "FILE",
): Promise<PrivateKey> {
  const block = findPrivateBlock(text, where, file);
  const decode = DECODERS[block.label];
  if (decode === undefined) {
    throw refusal(`Private key ${where} is a "${block.label}": expected an elliptic-curve key`);
  }
  let parts: PrivateKeyParts;
  try {
    if (block.bytes === undefined) throw new MalformedError("it is not base64");
    parts = decode(block.bytes);
  } catch (error) {
    if (error instanceof EncryptedKeyError) throw hasPassphrase(where, file);
    if (!(error instanceof MalformedError)) throw error;
    if (error instanceof ExplicitParametersError) {
      throw refusal(
        `Private key ${where} cannot be used: ${error.message}`,
        `Name the curve: openssl ec -in ${file} -param_enc named_curve -out NEW`,
      );
    }
    throw refusal(`Private key ${where} cannot be used: ${error.message}`);
  }
  return await PrivateKey.fromScalar(parts.facts.curve, parts.scalar, where, parts.point);
}

function findPrivateBlock(text: string, where: string, file: string): PemBlock {
  const { block, count, encrypted } = privateBlocks(text);
  if (count > 1) {
    throw refusal(
      `Private key ${where} is one of ${count} in the file`,
      "Leave only the key to use in the file",
    );
  }
  if (encrypted) throw hasPassphrase(where, file);
  if (block !== undefined) return block;
  const der = derKind(text);
  if (der !== undefined) {
    const command = der === "PKCS #12" ? "pkcs12 -nocerts -nodes" : "pkey -inform der";
    throw refusal(
      `Private key ${where} is in binary form (${der === "PKCS #12" ? der : "DER"})`,
      `Convert it: openssl ${command} -in ${file} -out NEW`,
    );
  }
  if (/PUBLIC KEY-----|^(ecdsa-sha2|ssh|sk-)\S* /m.test(text)) {
    throw refusal(`Private key ${where} is a public key`, "Name the file without .pub");
  }
  if (text.includes("PRIVATE KEY-----")) {
    throw refusal(`Private key ${where} is truncated: its PEM block has no end`);
  }
  if (text.startsWith("PuTTY-User-Key-File")) {
    throw refusal(
      `Private key ${where} is in PuTTY's format`,
      "Export it with PuTTYgen: Conversions, Export OpenSSH key",
    );
  }
  throw refusal(`Private key ${where} is neither an OpenSSH nor a PEM private key`);
}

function hasPassphrase(where: string, file: string): FlwrError {
  return new FlwrError("failed-precondition", `Private key ${where} is protected by a passphrase`, {
    hints: [`Remove the passphrase: ssh-keygen -p -N "" -f ${file}`],
  });
}

function refusal(message: string, ...hints: string[]): FlwrError {
  return new FlwrError("invalid-argument", message, {
    hints: [
      ...hints,
      'Create a key with: flwr keys generate, or: ssh-keygen -t ecdsa -b 384 -N "" -f FILE',
    ],
  });
}
