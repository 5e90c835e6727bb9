import { FlwrError } from "../../../base/error.ts";

/** Deepest accepted nesting; XGBoost's models have 9 levels. */
const MAX_DEPTH = 64;

/** A part of a text: from its first character to before `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Text to put in place of a span. */
export interface Edit extends Span {
  readonly text: string;
}

/**
 * JSON as text, to read parts of it and to replace them while all other characters stay as they are: a number that is
 * parsed and printed again may get another spelling, which tells integers from real numbers in XGBoost.
 */
export class JsonText {
  /** The JSON. */
  readonly text: string;
  /** The whole value. */
  readonly root: Span;
  readonly #members = new Map<number, Map<string, Span>>();

  /**
   * Checks the text.
   *
   * @throws FlwrError "invalid-argument" when it is not JSON, or is nested too deeply
   */
  constructor(text: string) {
    this.text = text;
    const from = this.#blank(0);
    const to = this.#skip(from, 0);
    this.root = { from, to };
    if (this.#blank(to) !== text.length) throw this.#bad(to);
  }

  /** The members of an object, by name. @throws FlwrError "invalid-argument" when it is no object, or repeats a name */
  members(span: Span): ReadonlyMap<string, Span> {
    const known = this.#members.get(span.from);
    if (known !== undefined) return known;
    const found = new Map<string, Span>();
    this.#each(span, "{", (from) => {
      const end = this.#skip(from, 0);
      const name = JSON.parse(this.text.slice(from, end)) as string;
      const value = this.#blank(this.#blank(end) + 1);
      const to = this.#skip(value, 0);
      if (found.has(name)) {
        throw new FlwrError("invalid-argument", `JSON repeats the name "${name}"`);
      }
      found.set(name, { from: value, to });
      return to;
    });
    this.#members.set(span.from, found);
    return found;
  }

  /** The elements of an array. @throws FlwrError "invalid-argument" when it is none */
  elements(span: Span): Span[] {
    const found: Span[] = [];
    this.#each(span, "[", (from) => {
      const to = this.#skip(from, 0);
      found.push({ from, to });
      return to;
    });
    return found;
  }

  /** The characters of a span. */
  slice({ from, to }: Span): string {
    return this.text.slice(from, to);
  }

  /** The text with spans replaced, which must not overlap. */
  edited(edits: readonly Edit[]): string {
    let made = "";
    let at = 0;
    for (const { from, to, text } of [...edits].sort((a, b) => a.from - b.from)) {
      made += this.text.slice(at, from) + text;
      at = to;
    }
    return made + this.text.slice(at);
  }

  /** Visits the parts of an object or array; `visit` gets the start of a part and returns its end. */
  #each({ from }: Span, open: "{" | "[", visit: (from: number) => number): void {
    if (this.text[from] !== open) {
      const what = open === "{" ? "an object" : "an array";
      const got = this.text.slice(from, from + 20);
      throw new FlwrError("invalid-argument", `JSON has ${got}, expected ${what}`);
    }
    const close = open === "{" ? "}" : "]";
    let at = this.#blank(from + 1);
    while (this.text[at] !== close) {
      at = this.#blank(visit(at));
      if (this.text[at] === ",") at = this.#blank(at + 1);
    }
  }

  /** The end of the value that starts at a place. */
  #skip(at: number, depth: number): number {
    if (depth > MAX_DEPTH) {
      throw new FlwrError("invalid-argument", `JSON is nested more than ${MAX_DEPTH} levels deep`);
    }
    const { text } = this;
    const first = text[at];
    if (first === '"') return this.#string(at);
    if (first !== "{" && first !== "[") return this.#scalar(at);
    const close = first === "{" ? "}" : "]";
    let next = this.#blank(at + 1);
    if (text[next] === close) return next + 1;
    for (;;) {
      if (first === "{") {
        next = this.#blank(this.#string(next));
        if (text[next] !== ":") throw this.#bad(next);
        next = this.#blank(next + 1);
      }
      next = this.#blank(this.#skip(next, depth + 1));
      if (text[next] === close) return next + 1;
      if (text[next] !== ",") throw this.#bad(next);
      next = this.#blank(next + 1);
    }
  }

  /** A loop rather than a regular expression, whose stack a long string could exhaust. */
  #string(at: number): number {
    const { text } = this;
    if (text[at] !== '"') throw this.#bad(at);
    for (let next = at + 1; next < text.length; next++) {
      const code = text.charCodeAt(next);
      if (code === QUOTE) return next + 1;
      if (code < SPACE) throw this.#bad(next);
      if (code !== BACKSLASH) continue;
      ESCAPE.lastIndex = next;
      if (!ESCAPE.test(text)) throw this.#bad(next);
      next = ESCAPE.lastIndex - 1;
    }
    throw this.#bad(text.length);
  }

  #scalar(at: number): number {
    SCALAR.lastIndex = at;
    if (!SCALAR.test(this.text)) throw this.#bad(at);
    return SCALAR.lastIndex;
  }

  #blank(at: number): number {
    let next = at;
    while (next < this.text.length && BLANKS.includes(this.text[next]!)) next++;
    return next;
  }

  #bad(at: number): FlwrError {
    const problem = at >= this.text.length ? "ends too early" : `is malformed at character ${at}`;
    return new FlwrError("invalid-argument", `JSON ${problem}`);
  }
}

const [SPACE, QUOTE, BACKSLASH] = [0x20, 0x22, 0x5c] as const;
/** White space, escapes, and numbers and names, by RFC 8259. */
const BLANKS = " \t\n\r";
const ESCAPE = /\\(?:["\\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
