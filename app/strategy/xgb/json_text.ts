import { FlwrError } from "../../../base/error.ts";

/** Deepest accepted nesting; XGBoost's models have 9 levels. */
const MAX_DEPTH = 64;
/** Most accepted members of an object that is read; XGBoost's have at most 20. */
const MAX_MEMBERS = 1_000;
/** Minimum length, in characters, of an object or array whose end is remembered, so it is not searched again. */
const LONG = 4_096;

/** A part of a text, from `from` (inclusive) to `to` (exclusive). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Limit on the number of elements of an array, with the array's name. */
export interface ArrayLimit {
  readonly most: number;
  readonly name: string;
}

/** Text to put in place of a span. */
export interface Edit extends Span {
  readonly text: string;
}

/**
 * JSON as text, to read parts of it and to replace them while all other characters stay unchanged: a number that is
 * parsed and printed again may be spelled differently, and XGBoost distinguishes integers from real numbers by their
 * spelling.
 */
export class JsonText {
  /** The JSON. */
  readonly text: string;
  /** The whole value. */
  readonly root: Span;
  /** The ends of long objects and arrays, by their start. */
  readonly #ends = new Map<number, number>();

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

  /**
   * The members of an object, by name.
   *
   * @throws FlwrError "invalid-argument" when it is not an object, repeats a name, or has more than 1,000 members
   */
  members(span: Span): ReadonlyMap<string, Span> {
    const found = new Map<string, Span>();
    this.#each(span, "{", (from) => {
      const end = this.#skip(from, 0);
      const name = JSON.parse(this.text.slice(from, end)) as string;
      const value = this.#blank(this.#blank(end) + 1);
      const to = this.#skip(value, 0);
      if (found.has(name)) {
        throw new FlwrError("invalid-argument", `JSON repeats the name "${name}"`);
      }
      if (found.size === MAX_MEMBERS) {
        throw new FlwrError(
          "invalid-argument",
          `JSON has an object with more than ${MAX_MEMBERS} members`,
        );
      }
      found.set(name, { from: value, to });
      return to;
    });
    return found;
  }

  /**
   * The elements of an array. Reading stops at the first one above the limit.
   *
   * @param limit.most number of elements that are accepted
   * @param limit.name name of the array, for errors
   * @throws FlwrError "invalid-argument" when it is not an array, or has more elements
   */
  elements(span: Span, { most, name }: ArrayLimit): Span[] {
    const found: Span[] = [];
    this.#each(span, "[", (from) => {
      if (found.length === most) throw tooMany({ most, name });
      const to = this.#skip(from, 0);
      found.push({ from, to });
      return to;
    });
    return found;
  }

  /**
   * The numbers of an array. Reading stops at the first one that is not accepted.
   *
   * @param spelling how XGBoost spells the type: an integer has only digits, and a real number has a point or an
   *   exponent
   * @param limit.most number of elements that are accepted
   * @param limit.name name of the array, for errors
   * @throws FlwrError "invalid-argument" when it is not an array, has more elements, or has one of another type
   */
  numbers(span: Span, spelling: "integer" | "real", { most, name }: ArrayLimit): number[] {
    const found: number[] = [];
    this.#each(span, "[", (from) => {
      if (found.length === most) throw tooMany({ most, name });
      const to = this.#skip(from, 0);
      const text = this.text.slice(from, to);
      if (spellingOf(text) !== spelling) {
        const got = text.slice(0, 20);
        throw new FlwrError(
          "invalid-argument",
          `JSON has ${got} in ${name}, expected numbers: ${spelling}`,
        );
      }
      found.push(Number(text));
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
    const known = this.#ends.get(at);
    if (known !== undefined) return known;
    const to = this.#container(at, first, depth);
    if (to - at >= LONG) this.#ends.set(at, to);
    return to;
  }

  /** The end of the object or array that starts at a place. */
  #container(at: number, first: "{" | "[", depth: number): number {
    const { text } = this;
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

  /** A loop, because a long string could exhaust the stack of a regular expression. */
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

  /** Reads numbers, the bulk of a model, in a loop, which takes a fraction of the time of a regular expression. */
  #scalar(at: number): number {
    let next = this.text.charCodeAt(at) === MINUS ? at + 1 : at;
    const first = this.text.charCodeAt(next);
    if (!isDigit(first)) return this.#name(at);
    next = first === ZERO ? next + 1 : this.#digits(next);
    if (this.text.charCodeAt(next) === POINT) next = this.#digits(next + 1);
    const exponent = this.text.charCodeAt(next);
    if (exponent !== SMALL_E && exponent !== CAPITAL_E) return next;
    const sign = this.text.charCodeAt(next + 1);
    return this.#digits(sign === MINUS || sign === PLUS ? next + 2 : next + 1);
  }

  /** The end of one or more digits. */
  #digits(at: number): number {
    let next = at;
    while (isDigit(this.text.charCodeAt(next))) next++;
    if (next === at) throw this.#bad(at);
    return next;
  }

  #name(at: number): number {
    const name = NAMES.find((name) => this.text.startsWith(name, at));
    if (name === undefined) throw this.#bad(at);
    return at + name.length;
  }

  #blank(at: number): number {
    let next = at;
    for (;; next++) {
      const code = this.text.charCodeAt(next);
      if (code !== SPACE && code !== TAB && code !== LINE_FEED && code !== RETURN) return next;
    }
  }

  #bad(at: number): FlwrError {
    const problem = at >= this.text.length ? "ends too early" : `is malformed at character ${at}`;
    return new FlwrError("invalid-argument", `JSON ${problem}`);
  }
}

function tooMany({ most, name }: ArrayLimit): FlwrError {
  return new FlwrError("invalid-argument", `JSON has more than ${most} elements in ${name}`);
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** The spelling of a number. Undefined for another value. */
function spellingOf(text: string): "integer" | "real" | undefined {
  const first = text.charCodeAt(0);
  if (first !== MINUS && !isDigit(first)) return undefined;
  return /[.eE]/.test(text) ? "real" : "integer";
}

/** White space and other characters, escapes, and names, by RFC 8259. */
const [TAB, LINE_FEED, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20] as const;
const [QUOTE, BACKSLASH, PLUS, MINUS, POINT] = [0x22, 0x5c, 0x2b, 0x2d, 0x2e] as const;
const [ZERO, NINE, CAPITAL_E, SMALL_E] = [0x30, 0x39, 0x45, 0x65] as const;
const ESCAPE = /\\(?:["\\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NAMES = ["true", "false", "null"] as const;
