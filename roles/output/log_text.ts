import { printable } from "../../base/printable.ts";
import { FURTHER_LINE } from "../../base/run_log_lines.ts";

/** A sequence that sets how text looks (SGR), with its parameters; as long as any that is kept can be. */
// deno-lint-ignore no-control-regex -- the escape character starts them
const LOOKS = /(\x1b\[[\d;]{0,32}m)/;

/** The beginning of such a sequence, or of a line end, at the end of a piece. */
// deno-lint-ignore no-control-regex -- the escape character starts it
const UNFINISHED = /(?:\r|\x1b(?:\[[\d;]{0,32})?)$/;

/**
 * Parameters that are kept: none, bold, and colours that are read on dark and on light ground. Not kept are those that
 * hide (8), blink, turn ground and text around, or make text like its ground: black, white and all grounds.
 */
const KEPT = new Set(["", "0", "1", "22", "39", "90"]);
const COLOUR = /^[39][1-6]$/;

/** Ends all that such sequences set. */
const RESET = "\x1b[0m";

/**
 * Makes an app's log harmless: line ends and tabs stay; colours that are read on any ground stay for terminals, to the
 * end of their line, and go for files, as all others do. A carriage return, with which a program writes over its own
 * line, ends the line; what follows it is indented as a further line of the same message. All else that is not seen as
 * what it is becomes an escape.
 */
export class LogText {
  readonly #colours: boolean;
  #held = "";
  #coloured = false;
  /** Colours after a carriage return that nothing has followed yet; undefined without one. */
  #returned: string | undefined;

  /** @param colours whether colours are kept */
  constructor(colours: boolean) {
    this.#colours = colours;
  }

  /** The next piece. What it ends within is held back for the next one. */
  next(piece: string): string {
    const text = this.#held + piece;
    this.#held = UNFINISHED.exec(text)?.[0] ?? "";
    return this.#clean(text.slice(0, text.length - this.#held.length));
  }

  /** What was held back last. */
  end(): string {
    const text = this.#held;
    this.#held = "";
    return this.#clean(text) + this.#reset();
  }

  #clean(text: string): string {
    return text.split(LOOKS)
      .map((part, index) => index % 2 === 0 ? this.#lines(part) : this.#look(part))
      .join("");
  }

  #look(sequence: string): string {
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

  /** The end of the line that a carriage return stands for: where nothing follows, there is no further line. */
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
 * A line that may have colours of our own, and texts from elsewhere, made harmless in the same way.
 *
 * @param colours whether colours are kept
 */
export function harmlessLine(line: string, colours: boolean): string {
  const text = new LogText(colours);
  return text.next(line.replace(/[\r\n]/g, printable)) + text.end();
}
