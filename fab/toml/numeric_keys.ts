/** A key that JavaScript's objects would list before all others: an array index. */
const NUMERIC = /^(?:0|[1-9]\d*)$/;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
/** A quoted text of any of TOML's four kinds. */
const TEXT = /"""(?:[^\\]|\\[^])*?"{3,5}|'''[^]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
const COMMENT = /#[^\n]*/y;
/** A character that no sane file has: the first of Unicode's private use area. */
const PRIVATE = "\uE000";

/** A source whose numeric keys all begin with the mark, which occurs nowhere else in it. */
export interface HiddenKeys {
  readonly source: string;
  readonly mark: string;
}

/**
 * Puts a mark before each key of a TOML source that is a whole number (`2 = "x"`, `[a."10"]`). The parser keeps tables
 * in JavaScript's objects, which would reorder such keys; the order of keys decides a bundle's bytes.
 *
 * Only what a key is has to be known here: a source that is not TOML stays none.
 */
export function hideNumericKeys(source: string): HiddenKeys {
  let mark = PRIVATE;
  while (source.includes(mark)) mark += PRIVATE;
  const out: string[] = [];
  /** The brackets that are open: of a value, not of a table's head. */
  const open: string[] = [];
  let inKey = true;
  let at = 0;
  const copy = (end: number) => {
    out.push(source.slice(at, end));
    at = end;
  };
  while (at < source.length) {
    const end = Math.max(match(TEXT, source, at), match(COMMENT, source, at));
    const keyEnd = inKey && end === at ? match(BARE_KEY, source, at) : end;
    if (keyEnd > at) {
      const key = source.slice(at, keyEnd).replace(/^(["'])(.*)\1$/, "$2");
      if (inKey && NUMERIC.test(key)) {
        out.push(`"${mark}${key}"`);
        at = keyEnd;
      } else copy(keyEnd);
      continue;
    }
    const char = source[at]!;
    if (char === "=") inKey = false;
    else if (char === "{" || (char === "[" && !inKey)) {
      open.push(char);
      inKey = char === "{";
    } else if ((char === "}" || char === "]") && open.length > 0) {
      open.pop();
      inKey = false;
    } else if (char === ",") inKey = open.at(-1) === "{";
    else if (char === "\n" && open.length === 0) inKey = true;
    copy(at + 1);
  }
  return { source: out.join(""), mark };
}

/** Where a match of a sticky pattern that begins at `from` ends; `from` when there is none. */
function match(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
