/** What a binary file (DER) holds, as far as its first bytes say. */
export type DerKind = "private key" | "PKCS #12";

/** The first field of each: its version, an INTEGER (RFC 5208, RFC 8017 and RFC 5915; RFC 7292). */
const VERSIONS: readonly (readonly [start: string, kind: DerKind])[] = [
  ["\x02\x01\x00", "private key"],
  ["\x02\x01\x01", "private key"],
  ["\x02\x01\x03", "PKCS #12"],
];
/** Most bytes of the sequence's tag and length. */
const HEAD = 5;

/**
 * The kind of a key file in DER; undefined for text, and for DER of other kinds.
 *
 * @param text the file's bytes, decoded as UTF-8 or Latin-1: either leaves the version's bytes as they are
 */
export function derKind(text: string): DerKind | undefined {
  if (!text.startsWith("0")) return undefined;
  const found = VERSIONS.find(([start]) => {
    const at = text.indexOf(start);
    return at >= 2 && at <= HEAD;
  });
  return found?.[1];
}
