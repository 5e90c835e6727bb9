/** Whether a place in a text lies between the two code units of one character: what is cut there is lost on both sides. */
export function isWithinCharacter(text: string, at: number): boolean {
  return isSurrogate(text.charCodeAt(at - 1), HIGH) && isSurrogate(text.charCodeAt(at), LOW);
}

/** The first six bits of a surrogate, which are those of the first and of the second half of a character. */
const HIGH = 0xd800 >> 10;
const LOW = 0xdc00 >> 10;

function isSurrogate(unit: number, kind: number): boolean {
  return unit >> 10 === kind;
}

/** Bytes that a text takes in UTF-8. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
