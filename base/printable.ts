/**
 * Characters that a reader does not see as what they are: control characters (C0, DEL, C1), line and paragraph
 * separators, format characters (among them those that turn the direction of writing), others without a width, and
 * halves of surrogate pairs. Variation selectors stay: they only choose between forms of the character before them.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\p{Variation_Selector})\p{Default_Ignorable_Code_Point}/gu;

/** What most texts are, for which nothing is to be done. */
const PLAIN = /^[\x20-\x7e]*$/;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Text from elsewhere as one harmless line: each character that is not seen as what it is becomes an escape such as
 * `\\n`, `\\u009b` or `\\u{e0041}`, so that nobody can forge a line, move the cursor of a reader's terminal, hide what
 * is there, or have it read in another order.
 */
export function printable(text: string): string {
  return PLAIN.test(text)
    ? text
    : text.replace(UNSEEN, (character) => SHORT[character] ?? escape(character));
}

/**
 * Text from elsewhere as lines: as {@link printable}, with its line ends kept. Lines after the first are indented, so
 * that none looks like one of a log's.
 */
export function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printable).join("\n    ");
}

/** JSON that means the same and can be shown: in its texts there are escapes where {@link printable} would have some. */
export function printableJson(json: string): string {
  if (PLAIN.test(json)) return json;
  return json.replace(
    UNSEEN,
    (character) =>
      character === "\n" ? character : [...Array(character.length).keys()]
        .map((at) => `\\u${hex(character.charCodeAt(at))}`).join(""),
  );
}

function escape(character: string): string {
  const code = character.codePointAt(0)!;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${hex(code)}`;
}

function hex(code: number): string {
  return code.toString(16).padStart(4, "0");
}
