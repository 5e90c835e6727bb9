import { FlwrError } from "../base/error.ts";
import { CURVES } from "./curve.ts";
import { MalformedError } from "./der.ts";
import { decodeBase64, readPem } from "./pem.ts";
import { type PublicKey, publicKeyFromPoint, publicKeyFromSpki, sshKeyType } from "./public_key.ts";
import { SshReader } from "./ssh_wire.ts";

const MAKE_ONE =
  'Create one with: flwr keys generate, or: ssh-keygen -t ecdsa -b 384 -N "" -f FILE';

/**
 * Parses the text of a public key file: one OpenSSH line, or a PEM block "PUBLIC KEY".
 *
 * @param where text after "Public key" in errors, such as `in "keys/a.pub" (--auth-superlink-public-key)`
 * @throws FlwrError invalid-argument for anything else, with a message and a hint for each kind of mistake
 */
export async function parsePublicKey(text: string, where: string): Promise<PublicKey> {
  if (text.includes("PRIVATE KEY-----")) {
    throw refusal(`Public key ${where} is a private key`, "Name the .pub file in the same folder");
  }
  const block = readPem(text).find(({ label }) => label === "PUBLIC KEY");
  if (block !== undefined) {
    if (block.bytes === undefined) {
      throw refusal(`Public key ${where} is not base64 in its PEM block`);
    }
    return await publicKeyFromSpki(block.bytes, where);
  }
  if (/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(text)) {
    throw refusal(
      `Public key ${where} is a certificate`,
      "Extract the key: openssl x509 -pubkey -noout -in FILE",
    );
  }
  if (text.includes("---- BEGIN SSH2 PUBLIC KEY ----")) {
    throw refusal(
      `Public key ${where} is in the format of RFC 4716 ("SSH2 PUBLIC KEY")`,
      "Convert it: ssh-keygen -i -f FILE > NEW",
    );
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length !== 1) {
    throw refusal(`Public key ${where} is not one OpenSSH line: it has ${lines.length} lines`);
  }
  return await parseOpenSshPublicKey(lines[0]!, where);
}

/**
 * Parses an OpenSSH public key line: type, spaces or tabs, base64, and a comment, which is ignored.
 *
 * As strict as Python's cryptography: no spaces and no options before the type. So Flower 1.9 accepts every line that
 * is accepted here.
 *
 * @param where text after "Public key" in errors
 * @throws FlwrError invalid-argument
 */
export async function parseOpenSshPublicKey(line: string, where: string): Promise<PublicKey> {
  if (/^\s/.test(line)) {
    throw refusal(`Public key ${where} starts with a space`, "Remove the spaces before the key");
  }
  const [, type = "", base64 = ""] = /^(\S+)[ \t]+(\S+)/.exec(line) ?? [];
  const facts = CURVES.find((candidate) => sshKeyType(candidate) === type);
  if (facts === undefined) throw unknownType(line, type, where);
  const blob = decodeBase64(base64);
  if (blob === undefined) throw refusal(`Public key ${where} is damaged: it is not base64`);
  const reader = new SshReader(blob);
  let point: Uint8Array;
  try {
    const inner = [reader.text(), reader.text()];
    point = reader.string();
    reader.end();
    if (inner[0] !== type || inner[1] !== facts.sshName) {
      throw new MalformedError("its type and its contents differ");
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw refusal(`Public key ${where} is damaged: ${error.message}`);
  }
  return await publicKeyFromPoint(facts.curve, point, where);
}

/** The comment of an OpenSSH line: the text after the key, trimmed; "" if there is none. */
export function openSshComment(line: string): string {
  return line.replace(/^\S+[ \t]+\S+/, "").trim();
}

function unknownType(line: string, type: string, where: string): FlwrError {
  if (line.startsWith("#")) {
    return refusal(
      `Public key ${where} is a comment, which a key list cannot have`,
      "Remove the line. Comments go after the key, in the same cell",
    );
  }
  if (/\s(ecdsa-sha2|ssh|sk-ssh|sk-ecdsa)-\S+\s/.test(line)) {
    return refusal(
      `Public key ${where} has options before its type`,
      "Remove everything before the key's type",
    );
  }
  if (/^(ssh-|sk-|ecdsa-sha2-)[a-z0-9@.-]{1,60}$/.test(type)) {
    const types = CURVES.map(sshKeyType).join(", ");
    return refusal(`Public key ${where} is of type "${type}": expected one of ${types}`, MAKE_ONE);
  }
  return refusal(`Public key ${where} is not an OpenSSH public key line`, MAKE_ONE);
}

function refusal(message: string, ...hints: string[]): FlwrError {
  return new FlwrError("invalid-argument", message, { hints });
}
