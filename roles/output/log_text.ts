import { printable } from "../../base/printable.ts";
import { FURTHER_LINE } from "../../base/run_log_lines.ts";

/** An escape sequence that styles text (SGR), with its parameters, up to the length of any that is kept. */
// deno-lint-ignore no-control-regex -- the escape character starts them
const SGR = /(\x1b\[[\d;]{0,32}m)/;

/** The beginning of such a sequence or of a line break, at the end of a piece. */
// deno-lint-ignore no-control-regex -- the escape character starts it
const UNFINISHED = /(?:\r|\x1b(?:\[[\d;]{0,32})?)$/;

/**
 * SGR parameters that are kept: reset, bold, and colours that are readable on dark and light backgrounds. Removed are
 * those that hide (8), blink or invert text, and black, white and all background colours, which could hide text.
 */
const KEPT = new Set(["", "0", "1", "22", "39", "90"]);
const COLOUR = /^[39][1-6]$/;

/** Resets all styles. */
const RESET = "\x1b[0m";

/**
 * Sanitises an app's log for printing. Line breaks and tabs stay. Colours that are readable on any background stay until
 * the end of their line, if colours are wanted; all others are removed. A carriage return, with which a program overwrites
 * its own line, ends the line, and the text after it is indented as a further line of the same message. All other control
 * and invisible characters are escaped.
 */
export class LogText {
  readonly #colours: boolean;
  #pending = "";
  #coloured = false;
  /** Colours since a carriage return that no text has followed yet. Undefined without one. */
  #returned: string | undefined;

  /** @param colours whether to keep colours */
  constructor(colours: boolean) {
    this.#colours = colours;
  }

  /** Sanitises the next piece. An incomplete sequence at its end waits for the next one. */
  next(piece: string): string {
    const text = this.#pending + piece;
    this.#pending = UNFINISHED.exec(text)?.[0] ?? "";
    return this.#clean(text.slice(0, text.length - this.#pending.length));
  }

  /** Ends the log. @returns the rest of its text */
  end(): string {
    const text = this.#pending;
    this.#pending = "";
    return this.#clean(text) + this.#reset();
  }

  #clean(text: string): string {
    return text.split(SGR)
      .map((part, index) => index % 2 === 0 ? this.#lines(part) : this.#style(part))
      .join("");
  }

  #style(sequence: string): string {
    const codes = sequence.slice(2, -1).split(";");
    if (!this.#colours || !codes.every((code) => KEPT.has(code) || COLOUR.test(code))) return "";
    this.#coloured = !codes.every((code) => code === "" || code === "0");
    if (this.#returned === undefined) return sequence;
    this.#returned += sequence;
    return "";
  }

  #lines(text: string): string {
    return text.split(/(\r?\n|\r|\t)/).map((part, index) => {
      if (part === "") return "";
      if (index % 2 === 0) return this.#further() + printable(part);
      if (part === "\t") return this.#further() + part;
      const reset = this.#reset();
      this.#returned = part === "\r" ? "" : undefined;
      return part === "\r" ? reset : `${reset}\n`;
    }).join("");
  }

  /** The line break and indentation for text after a carriage return. */
  #further(): string {
    if (this.#returned === undefined) return "";
    const colours = this.#returned;
    this.#returned = undefined;
    return `\n${FURTHER_LINE}${colours}`;
  }

  #reset(): string {
    const isShown = this.#coloured && !this.#returned;
    if (this.#returned !== undefined) this.#returned = "";
    this.#coloured = false;
    return isShown ? RESET : "";
  }
}

/**
 * Sanitises a line that may have colours of our own and texts from elsewhere, like {@link LogText}.
 *
 * @param colours whether to keep colours
 */
export function sanitisedLine(line: string, colours: boolean): string {
  const text = new LogText(colours);
  return text.next(line.replace(/[\r\n]/g, printable)) + text.end();
}
