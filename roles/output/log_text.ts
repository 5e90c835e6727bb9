import { printable } from "../../base/printable.ts";

/** Sequences that colour text (SGR): the only ones that a log may send to a terminal. */
// deno-lint-ignore no-control-regex -- the escape character starts them
const COLOURS = /(\x1b\[[\d;]*m)/;

/** The beginning of such a sequence at the end of a piece. */
// deno-lint-ignore no-control-regex -- the escape character starts it
const UNFINISHED = /\x1b(?:\[[\d;]*)?$/;

/**
 * Makes an app's log harmless: line ends, tabs and what progress bars return with stay; colours stay for terminals
 * and go for files; all else that could steer a terminal is written as an escape.
 */
export class LogText {
  readonly #colours: boolean;
  #held = "";

  /** @param colours whether colours are kept */
  constructor(colours: boolean) {
    this.#colours = colours;
  }

  /** The next piece. A colour's sequence that it ends within is held back for the next one. */
  next(piece: string): string {
    const text = this.#held + piece;
    this.#held = UNFINISHED.exec(text)?.[0] ?? "";
    return this.#clean(text.slice(0, text.length - this.#held.length));
  }

  /** What was held back last. */
  end(): string {
    const text = this.#held;
    this.#held = "";
    return this.#clean(text);
  }

  #clean(text: string): string {
    return text.split(COLOURS)
      .map((part, index) => index % 2 === 0 ? harmless(part) : this.#colours ? part : "")
      .join("");
  }
}

function harmless(text: string): string {
  return text.split(/([\n\r\t])/).map((part, index) => index % 2 === 0 ? printable(part) : part)
    .join("");
}
