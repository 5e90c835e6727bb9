/** The time at the start of a line of a run's log. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?=[ \n]|$)/;

/** Where a line ends and another one follows that is not empty. */
const LINE_AHEAD = /\n(?=[^\n])/g;

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
    if (piece === "") return "";
    const begin = this.#within ? "" : lineBeginning(piece, this.#time);
    this.#within = !piece.endsWith("\n");
    return begin + withFurtherLines(piece);
  }
}

/** What a message begins with in a run's log: its time, unless it has one or is a further line. */
export function lineBeginning(message: string, time: () => string): string {
  if (isRunLogLine(message)) return "";
  return /^\r?\n/.test(message) ? time() : `${time()} `;
}

/** Whether a text begins as a line of a run's log does: with a time, or as the further line of a message. */
export function isRunLogLine(text: string): boolean {
  return TIME.test(text) || text.startsWith(FURTHER_LINE);
}

/** A message without a time, such as the SuperLink's own, with its further lines indented. */
export function withFurtherLines(message: string): string {
  const lines = message.includes("\r\n") ? message.replaceAll("\r\n", "\n") : message;
  return lines.replace(LINE_AHEAD, `\n${FURTHER_LINE}`);
}
