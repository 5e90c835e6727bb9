/**
 * Characters that are invisible or mislead readers: control characters (C0, DEL, C1), line and paragraph separators,
 * format characters (including those that change the direction of writing), other characters without width, and
 * unpaired surrogates. Variation selectors are not included: they only select a form of the preceding character.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\p{Variation_Selector})\p{Default_Ignorable_Code_Point}/gu;

/** Most texts consist of these characters only and need no escapes. */
const PLAIN = /^[\x20-\x7e]*$/;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Foreign text as one harmless line. Invisible and misleading characters become escapes such as `\\n`, `\\u009b` or
 * `\\u{e0041}`, so that no one can forge a line, move the cursor of a terminal, hide text, or change its reading order.
 */
export function printable(text: string): string {
  return PLAIN.test(text)
    ? text
    : text.replace(UNSEEN, (character) => SHORT[character] ?? escape(character));
}

/**
 * Foreign text as lines: like {@link printable}, but keeps line ends. Lines after the first are indented, so that none
 * looks like a line of a log.
 */
export function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printable).join("\n    ");
}

/** Equivalent JSON that is safe to show: its strings contain escapes where {@link printable} would add them. */
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
