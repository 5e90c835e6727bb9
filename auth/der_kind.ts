/** Kind of a binary key file (DER), judged by its first bytes. */
export type DerKind = "private key" | "PKCS #12";

/** First field of each format: its version, an INTEGER (RFC 5208, RFC 8017 and RFC 5915; RFC 7292). */
const VERSIONS: readonly (readonly [start: string, kind: DerKind])[] = [
  ["\x02\x01\x00", "private key"],
  ["\x02\x01\x01", "private key"],
  ["\x02\x01\x03", "PKCS #12"],
];
/** Largest number of bytes of the sequence's tag and length. */
const HEAD = 5;

/**
 * The kind of a key file in DER; undefined for text, and for DER of other kinds.
 *
 * @param text the file's bytes, decoded as UTF-8 or Latin-1; both keep the bytes of the version
 */
export function derKind(text: string): DerKind | undefined {
  if (!text.startsWith("0")) return undefined;
  const found = VERSIONS.find(([start]) => {
    const at = text.indexOf(start);
    return at >= 2 && at <= HEAD;
  });
  return found?.[1];
}
