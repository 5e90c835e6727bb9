/**
 * Whether an index in a text is between the two code units of one character. Cutting there would destroy the character.
 */
export function isWithinCharacter(text: string, at: number): boolean {
  return isSurrogate(text.charCodeAt(at - 1), HIGH) && isSurrogate(text.charCodeAt(at), LOW);
}

/** First six bits of a high and of a low surrogate, the two halves of a character. */
const HIGH = 0xd800 >> 10;
const LOW = 0xdc00 >> 10;

function isSurrogate(unit: number, kind: number): boolean {
  return unit >> 10 === kind;
}

/** Length of a text in UTF-8, in bytes. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
