/** A word that can stand at a place of a command line. */
export interface Suggestion {
  readonly value: string;
  /** What it means, in one line. */
  readonly summary: string;
}

/** Stands for paths, which shells complete themselves. */
export const FILES: Suggestion = { value: ":files", summary: "" };
