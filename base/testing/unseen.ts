/** Characters that must be escaped before they are shown, by the name of their kind. For tests. */
export const UNSEEN_CHARACTERS: Readonly<Record<string, string>> = {
  ...range("C0", 0x00, 0x1f),
  ...range("DEL and C1", 0x7f, 0x9f),
  "soft hyphen": "\u00ad",
  "combining grapheme joiner": "\u034f",
  "Arabic letter mark": "\u061c",
  "Hangul fillers": "\u115f\u1160\u3164\uffa0",
  "Mongolian vowel separator": "\u180e",
  ...range("zero width, and marks of direction", 0x200b, 0x200f),
  ...range("separators and overrides of direction", 0x2028, 0x202e),
  ...range("word joiner, isolates, deprecated formats", 0x2060, 0x206f),
  "byte order mark": "\ufeff",
  ...range("interlinear annotations", 0xfff9, 0xfffb),
  "half a surrogate pair": "\ud800",
  "tag characters": "\u{e0001}\u{e0041}\u{e007f}",
};

/** A text that tries to impersonate another source, with all of these characters and control sequences of terminals. */
export const HOSTILE_TEXT: string = [
  ...Object.values(UNSEEN_CHARACTERS),
  "\x1b[2J\x1b[1;1H\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x1b[8mhidden\x1b[0m\x9b31m\x1bc",
].join("x");

/**
 * The characters of a shown text that should have been escaped. @returns their code points, for the failure's message
 */
export function unseenIn(shown: string, allowed = ""): string[] {
  const bad = new Set([...Object.values(UNSEEN_CHARACTERS).join("")]);
  return [...shown].filter((character) => bad.has(character) && !allowed.includes(character))
    .map((character) => character.codePointAt(0)!.toString(16));
}

function range(name: string, first: number, last: number): Record<string, string> {
  const codes = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  return { [name]: String.fromCodePoint(...codes) };
}
