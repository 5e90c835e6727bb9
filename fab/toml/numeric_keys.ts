import { FlwrError } from "../../base/error.ts";

/** An array index. JavaScript objects list such keys before all others. */
const NUMERIC = /^(?:0|[1-9]\d*)$/;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
const COMMENT = /#[^\n]*/y;
/** Patterns of strings by opening quotes, longer ones first. */
const TEXTS: readonly (readonly [begin: string, text: RegExp])[] = [
  ['"""', /"""(?:[^\\]|\\[^])*?"{3,5}/y],
  ["'''", /'''[^]*?'{3,5}/y],
  ['"', /"(?:[^"\\\n]|\\.)*"/y],
  ["'", /'[^'\n]*'/y],
];
/** Characters of Unicode's first private use area, also as TOML escapes. */
const PRIVATE = /[\uE000-\uF8FF]|\\(?:u|U0000)(?:[Ee][0-9A-Fa-f]{3}|[Ff][0-8][0-9A-Fa-f]{2})/g;
const FIRST_PRIVATE = 0xe000;
const PRIVATE_COUNT = 6400;

/** A TOML source whose numeric keys begin with a mark, a character that does not occur elsewhere. */
export interface HiddenKeys {
  readonly source: string;
  readonly mark: string;
}

/**
 * Puts a mark before each numeric key of a TOML source (`2 = "x"`, `[a."10"]`). The parser returns JavaScript objects,
 * which reorder such keys, and the order of keys determines a FAB's bytes.
 *
 * The tokenizer only needs to recognise keys. An invalid source stays invalid, and the parser reports it.
 *
 * @throws FlwrError invalid-argument if the source contains every possible mark
 */
export function hideNumericKeys(source: string): HiddenKeys {
  const mark = unusedCharacter(source);
  const out: string[] = [];
  /** Open brackets of values, without those of table headers. */
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

/** End of the string, comment, bare key or single character that begins at `from`. */
function tokenEnd(source: string, from: number, inKey: boolean): number {
  const text = TEXTS.find(([begin]) => source.startsWith(begin, from))?.[1];
  // An unterminated string extends to the end. The parser will report it.
  if (text !== undefined) return matchEnd(text, source, from) ?? source.length;
  if (source[from] === "#") return matchEnd(COMMENT, source, from)!;
  return (inKey ? matchEnd(BARE_KEY, source, from) : undefined) ?? from + 1;
}

/** End of a sticky pattern's match at `from`. */
function matchEnd(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** Finds a private-use character that does not occur in the source, also not as an escape. */
function unusedCharacter(source: string): string {
  const used = new Set(
    source.match(PRIVATE)?.map((found) =>
      found.length === 1 ? found.charCodeAt(0) : parseInt(found.slice(-4), 16)
    ),
  );
  for (let code = FIRST_PRIVATE; code < FIRST_PRIVATE + PRIVATE_COUNT; code++) {
    if (!used.has(code)) return String.fromCharCode(code);
  }
  throw new FlwrError(
    "invalid-argument",
    "The TOML file uses all characters of the private use area",
  );
}
