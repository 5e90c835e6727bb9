/** The time at the start of a line of a run's log. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?=[ \n]|$)/;

/** A line end that is followed by a line that is not empty. */
const LINE_AHEAD = /\n(?=[^\n])/g;

/** Indentation of the further lines of a message in a run's log: as wide as a time and the space after it. */
export const FURTHER_LINE: string = " ".repeat(25);

/**
 * Converts a program's output, in pieces of any size, to lines of a run's log. Each message begins with its time, and
 * its further lines are indented ({@link FURTHER_LINE}), so that a line within a message cannot look like a line of
 * something else. The text of one call is one message.
 */
export class RunLogLines {
  readonly #time: () => string;
  #within = false;

  /**
   * Starts at the beginning of a line.
   *
   * @param time the current time, as `Date.toISOString` returns it
   */
  constructor(time: () => string) {
    this.#time = time;
  }

  /** Whether the last piece ended within a line. */
  get within(): boolean {
    return this.#within;
  }

  /**
   * Converts the next piece.
   *
   * @param piece the text of one call; a message that begins with a time keeps it
   */
  next(piece: string): string {
    if (piece === "") return "";
    const begin = this.#within ? "" : lineBeginning(piece, this.#time);
    this.#within = !piece.endsWith("\n");
    return begin + withFurtherLines(piece);
  }
}

/** The start of a message in a run's log: its time, unless it already has one or is a further line. */
export function lineBeginning(message: string, time: () => string): string {
  if (isRunLogLine(message)) return "";
  return /^\r?\n/.test(message) ? time() : `${time()} `;
}

/** Whether a text looks like a line of a run's log: it begins with a time, or is indented like a further line. */
export function isRunLogLine(text: string): boolean {
  return TIME.test(text) || text.startsWith(FURTHER_LINE);
}

/** A message without a time, such as one of the SuperLink, with its further lines indented. */
export function withFurtherLines(message: string): string {
  const lines = message.includes("\r\n") ? message.replaceAll("\r\n", "\n") : message;
  return lines.replace(LINE_AHEAD, `\n${FURTHER_LINE}`);
}
