import fc from "fast-check";

/**
 * Any Unicode character as a text, half of them from ASCII, without lone surrogates. In place of fast-check's unit
 * "binary", which computes for a second when it is first used in a thread.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0, max: 0x10ffff }).filter((code) => code < 0xd800 || code > 0xdfff),
).map((code) => String.fromCodePoint(code));
