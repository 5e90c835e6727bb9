import type { Bytes } from "./bytes.ts";

/** One armoured block of a text file. */
export interface PemBlock {
  /** What stands after BEGIN, as "PUBLIC KEY". */
  readonly label: string;
  /** The decoded bytes; undefined when the armour holds headers or anything but base64. */
  readonly bytes: Bytes | undefined;
  /** Whether the block is encrypted in the old way, by a "Proc-Type: 4,ENCRYPTED" header (RFC 1421). */
  readonly encrypted: boolean;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----/g;

/** Every complete block of the text, in order. Whatever stands between blocks is ignored, as OpenSSL does. */
export function readPem(text: string): PemBlock[] {
  return [...text.matchAll(BLOCK)].map(([, label = "", body = ""]) => ({
    label,
    bytes: decodeBase64(body),
    encrypted: /^Proc-Type:.*ENCRYPTED/m.test(body),
  }));
}

/** The private keys of a text. Files with several are refused: which is meant must not be guessed. */
export interface PrivateBlocks {
  /** The first; undefined where there is none. */
  readonly block: PemBlock | undefined;
  readonly count: number;
  /** Whether the first has a passphrase. */
  readonly encrypted: boolean;
}

/** Every kind of private key, OpenSSH's as well. OpenSSH's own encryption is found by those who decode its blocks. */
export function privateBlocks(text: string): PrivateBlocks {
  const blocks = readPem(text).filter(({ label }) => label.endsWith("PRIVATE KEY"));
  const [block] = blocks;
  const encrypted = block !== undefined &&
    (block.encrypted || block.label === "ENCRYPTED PRIVATE KEY");
  return { block, count: blocks.length, encrypted };
}

/**
 * The bytes as an armoured block.
 *
 * @param label what stands after BEGIN
 * @param columns characters per line: 64 in PEM (RFC 7468), 70 in OpenSSH's private keys
 * @returns the block with its final newline
 */
export function writePem(label: string, bytes: Uint8Array, columns = 64): string {
  const lines = bytes.toBase64().match(new RegExp(`.{1,${columns}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** The bytes of a base64 text, blanks and line ends ignored, or undefined when it is none. */
export function decodeBase64(text: string, alphabet: "base64" | "base64url" = "base64") {
  try {
    return Uint8Array.fromBase64(text, { alphabet, lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}
