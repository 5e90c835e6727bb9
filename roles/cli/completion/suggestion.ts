/** A suggested word for a command line. */
export interface Suggestion {
  readonly value: string;
  /** Its description, in one line. */
  readonly summary: string;
}

/** Stands for file names, which shells complete themselves. */
export const FILES: Suggestion = { value: ":files", summary: "" };
