/** Lines that are kept, at most. The oldest are dropped. */
const MAX_LINES = 100_000;

/** Characters of a line that are kept, at most. */
const MAX_LINE_LENGTH = 4000;

/** The lines of a log, as pieces of text arrive. */
export class LogLines {
  readonly #lines: string[] = [];
  /** The beginning of a line whose end has not arrived. */
  #open = "";
  #dropped = 0;
  #search = "";
  #found: string[] = [];

  /** Number of lines. */
  get count(): number {
    return this.#lines.length + (this.#open === "" ? 0 : 1);
  }

  /** Number of lines that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds text. */
  add(text: string): void {
    const lines = (this.#open + text).split("\n").map((line) => line.slice(0, MAX_LINE_LENGTH));
    this.#open = lines.pop()!;
    for (const line of lines) {
      this.#lines.push(line);
      if (this.#search !== "" && matches(line, this.#search)) this.#found.push(line);
    }
    // In large steps, because each moves all lines.
    if (this.#lines.length > MAX_LINES * 1.1) {
      const excess = this.#lines.length - MAX_LINES;
      this.#lines.splice(0, excess);
      this.#dropped += excess;
      this.#found = this.#lines.filter((line) => matches(line, this.#search));
    }
  }

  /** The lines that contain a text, ignoring case; all for "". */
  matching(search: string): readonly string[] {
    const wanted = search.toLowerCase();
    if (wanted !== this.#search) {
      this.#search = wanted;
      this.#found = wanted === "" ? [] : this.#lines.filter((line) => matches(line, wanted));
    }
    const lines = wanted === "" ? this.#lines : this.#found;
    const isOpenFound = this.#open !== "" && matches(this.#open, wanted);
    return isOpenFound ? [...lines, this.#open] : lines;
  }
}

function matches(line: string, wanted: string): boolean {
  return line.toLowerCase().includes(wanted);
}
