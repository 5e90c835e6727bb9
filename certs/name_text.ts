import type { X509Certificate } from "node:crypto";
import { DerReader, MalformedError, TAG } from "../auth/der.ts";
import { readFields } from "./fields.ts";

const [SET, UTF8_STRING] = [0x31, 0x0c];
/** PrintableString, TeletexString and IA5String, with one byte for each character. */
const BYTE_STRINGS: readonly number[] = [0x13, 0x14, 0x16];
/** Longest name in an error message, in characters. */
const MAX_SHOWN = 200;

/**
 * A certificate's subject or issuer, with one line for each part; empty if it has none. Deno 2.9 throws for names that
 * are not Unicode. Such a name is returned as "#" and its encoding in hexadecimal, as in RFC 4514; clients compare its
 * bytes.
 */
export function nameText(certificate: X509Certificate, whose: "subject" | "issuer"): string {
  try {
    // Node returns undefined for an empty name.
    return certificate[whose] ?? "";
  } catch {
    return `#${encodedName(certificate, whose)}`;
  }
}

/** A certificate's subject or issuer as one line, shortened if it is long. */
export function oneLine(certificate: X509Certificate, whose: "subject" | "issuer"): string {
  const text = nameText(certificate, whose).replaceAll("\n", ", ");
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** A certificate's encoded subject or issuer, in hexadecimal. */
export function encodedName(
  { raw: der }: X509Certificate,
  whose: "subject" | "issuer",
): string {
  try {
    return readFields(der)[whose].toHex();
  } catch (error) {
    // No client can read this certificate. The result must not equal any other name.
    if (error instanceof MalformedError) return der.toHex();
    throw error;
  }
}

/**
 * Whether BoringSSL refuses a name, because a part is empty or a UTF8String is not valid UTF-8.
 *
 * @param der Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value } (RFC 5280, section 4.1.2.4)
 */
export function isDamagedName(der: Uint8Array): boolean {
  try {
    const parts = new DerReader(new DerReader(der).read(TAG.sequence));
    while (!parts.done) {
      const values = new DerReader(parts.read(SET));
      if (values.done) return true;
      while (!values.done) {
        const value = new DerReader(values.read(TAG.sequence));
        value.read(TAG.oid);
        const { tag, contents } = value.next();
        if (tag === UTF8_STRING) new TextDecoder("utf-8", { fatal: true }).decode(contents);
      }
    }
    return false;
  } catch (error) {
    if (error instanceof MalformedError || error instanceof TypeError) return true;
    throw error;
  }
}

/**
 * The parts of a directory name, normalised for comparison: case and repeated spaces do not count (RFC 5280, section
 * 7.1).
 *
 * @param der see {@link isDamagedName}
 * @returns undefined if the name is damaged
 */
export function partsOfName(der: Uint8Array): string[] | undefined {
  if (isDamagedName(der)) return undefined;
  const parts = new DerReader(new DerReader(der).read(TAG.sequence));
  const found: string[] = [];
  while (!parts.done) {
    const values = new DerReader(parts.read(SET));
    const part: string[] = [];
    while (!values.done) {
      const value = new DerReader(values.read(TAG.sequence));
      const type = value.read(TAG.oid).toHex();
      const { tag, contents } = value.next();
      part.push(`${type}=${comparedText(tag, contents)}`);
    }
    found.push(part.sort().join("+"));
  }
  return found;
}

function comparedText(tag: number, contents: Uint8Array): string {
  const isBytes = BYTE_STRINGS.includes(tag);
  if (!isBytes && tag !== UTF8_STRING) return `#${contents.toHex()}`;
  const text = new TextDecoder(isBytes ? "latin1" : "utf-8").decode(contents);
  return text.trim().replaceAll(/\s+/g, " ").toLowerCase();
}
