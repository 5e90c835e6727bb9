import type { Bytes } from "./bytes.ts";

/** A PEM block of a text file. */
export interface PemBlock {
  /** Text after BEGIN, such as "PUBLIC KEY". */
  readonly label: string;
  /** The decoded bytes; undefined if the block has headers or is not base64. */
  readonly bytes: Bytes | undefined;
  /** Whether the block has a "Proc-Type: 4,ENCRYPTED" header, the old kind of encryption (RFC 1421). */
  readonly encrypted: boolean;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----/g;

/** Parses all complete PEM blocks of a text, in order. Other text is ignored, as in OpenSSL. */
export function readPem(text: string): PemBlock[] {
  return [...text.matchAll(BLOCK)].map(([, label = "", body = ""]) => ({
    label,
    bytes: decodeBase64(body),
    encrypted: /^Proc-Type:.*ENCRYPTED/m.test(body),
  }));
}

/** The private keys of a text. Callers refuse files with several, because they must not guess which one to use. */
export interface PrivateBlocks {
  /** The first private key; undefined if there is none. */
  readonly block: PemBlock | undefined;
  readonly count: number;
  /** Whether the first private key is known to have a passphrase. */
  readonly encrypted: boolean;
}

/** Finds private keys of every kind. Encryption of OpenSSH's own format is only found when the block is decoded. */
export function privateBlocks(text: string): PrivateBlocks {
  const blocks = readPem(text).filter(({ label }) => label.endsWith("PRIVATE KEY"));
  const [block] = blocks;
  const encrypted = block !== undefined &&
    (block.encrypted || block.label === "ENCRYPTED PRIVATE KEY");
  return { block, count: blocks.length, encrypted };
}

/**
 * Encodes bytes as a PEM block.
 *
 * @param label text after BEGIN
 * @param columns characters per line: 64 in PEM (RFC 7468), 70 in OpenSSH's private keys
 * @returns the block with its final newline
 */
export function writePem(label: string, bytes: Uint8Array, columns = 64): string {
  const lines = bytes.toBase64().match(new RegExp(`.{1,${columns}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** Decodes base64, ignoring white space; undefined if the text is not base64. */
export function decodeBase64(text: string, alphabet: "base64" | "base64url" = "base64") {
  try {
    return Uint8Array.fromBase64(text, { alphabet, lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}
