import { FlwrError } from "../../base/error.ts";

/** A key that JavaScript's objects would list before all others: an array index. */
const NUMERIC = /^(?:0|[1-9]\d*)$/;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
const COMMENT = /#[^\n]*/y;
/** Texts by how they begin, the longer beginning first. */
const TEXTS: readonly (readonly [begin: string, text: RegExp])[] = [
  ['"""', /"""(?:[^\\]|\\[^])*?"{3,5}/y],
  ["'''", /'''[^]*?'{3,5}/y],
  ['"', /"(?:[^"\\\n]|\\.)*"/y],
  ["'", /'[^'\n]*'/y],
];
/** Unicode's first private use area, as characters and as TOML's escapes. */
const PRIVATE = /[\uE000-\uF8FF]|\\(?:u|U0000)(?:[Ee][0-9A-Fa-f]{3}|[Ff][0-8][0-9A-Fa-f]{2})/g;
const FIRST_PRIVATE = 0xe000;
const PRIVATE_COUNT = 6400;

/** A source whose numeric keys all begin with the mark, a character that no other key can have. */
export interface HiddenKeys {
  readonly source: string;
  readonly mark: string;
}

/**
 * Puts a mark before each key of a TOML source that is a whole number (`2 = "x"`, `[a."10"]`). The parser keeps tables
 * in JavaScript's objects, which would reorder such keys; the order of keys decides a bundle's bytes.
 *
 * Only what a key is has to be known here: a source that is not TOML stays none.
 *
 * @throws FlwrError "invalid-argument" for a source that has every character that could be the mark
 */
export function hideNumericKeys(source: string): HiddenKeys {
  const mark = unusedCharacter(source);
  const out: string[] = [];
  /** The brackets that are open: of a value, not of a table's head. */
  const open: string[] = [];
  let inKey = true;
  for (let at = 0; at < source.length;) {
    const end = tokenEnd(source, at, inKey);
    const token = source.slice(at, end);
    const key = inKey ? token.replace(/^(["'])(.*)\1$/, "$2") : "";
    out.push(NUMERIC.test(key) ? `"${mark}${key}"` : token);
    if (token === "=") inKey = false;
    else if (token === "{" || (token === "[" && !inKey)) {
      open.push(token);
      inKey = token === "{";
    } else if ((token === "}" || token === "]") && open.length > 0) {
      open.pop();
      inKey = false;
    } else if (token === ",") inKey = open.at(-1) === "{";
    else if (token === "\n" && open.length === 0) inKey = true;
    at = end;
  }
  return { source: out.join(""), mark };
}

/** Where the text, comment, bare key or single character ends that begins at `from`. */
function tokenEnd(source: string, from: number, inKey: boolean): number {
  const text = TEXTS.find(([begin]) => source.startsWith(begin, from))?.[1];
  // A text without an end takes all the rest: this is no TOML, as the parser will say.
  if (text !== undefined) return matchEnd(text, source, from) ?? source.length;
  if (source[from] === "#") return matchEnd(COMMENT, source, from)!;
  return (inKey ? matchEnd(BARE_KEY, source, from) : undefined) ?? from + 1;
}

/** Where a match of a sticky pattern that begins at `from` ends. */
function matchEnd(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** A private character that the source has nowhere, written out or as an escape. */
function unusedCharacter(source: string): string {
  const used = new Set(
    source.match(PRIVATE)?.map((found) =>
      found.length === 1 ? found.charCodeAt(0) : parseInt(found.slice(-4), 16)
    ),
  );
  for (let code = FIRST_PRIVATE; code < FIRST_PRIVATE + PRIVATE_COUNT; code++) {
    if (!used.has(code)) return String.fromCharCode(code);
  }
  throw new FlwrError("invalid-argument", "TOML has all characters of the private use area");
}
