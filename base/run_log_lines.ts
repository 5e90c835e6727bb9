/** The time at the start of a line of a run's log. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?= |$)/;

/** What the further lines of a message begin with in a run's log: blanks, as wide as a time and the blank after it. */
export const FURTHER_LINE: string = " ".repeat(25);

/**
 * Makes lines of a run's log from what a program writes, however that is cut. Each message begins with its time; its
 * further lines begin with blanks ({@link FURTHER_LINE}). So a line within a message cannot look like a line that
 * something else wrote. What one call writes is one message.
 */
export class RunLogLines {
  readonly #time: () => string;
  #within = false;

  /** @param time the time now, as `Date.toISOString` gives it */
  constructor(time: () => string) {
    this.#time = time;
  }

  /** Whether the last piece ended within a line. */
  get within(): boolean {
    return this.#within;
  }

  /** @param piece what one call wrote. A message that begins with a time keeps that one */
  next(piece: string): string {
    const [first, ...further] = piece.split(/\r?\n/);
    const begun = this.#within || piece === "" || isRunLogLine(first!) ? "" : this.#time();
    if (piece !== "") this.#within = (further.at(-1) ?? first) !== "";
    const blank = begun === "" || first === "" ? "" : " ";
    return [`${begun}${blank}${first}`, ...further.map(furtherLine)].join("\n");
  }
}

/** Whether a line begins as one of a run's log does: with a time, or as the further line of a message. */
export function isRunLogLine(line: string): boolean {
  return TIME.test(line) || line.startsWith(FURTHER_LINE);
}

/** A message without a time, such as the SuperLink's own, with its further lines indented. */
export function withFurtherLines(message: string): string {
  const [first, ...further] = message.split(/\r?\n/);
  return [first, ...further.map(furtherLine)].join("\n");
}

function furtherLine(line: string): string {
  return line === "" ? "" : FURTHER_LINE + line;
}
