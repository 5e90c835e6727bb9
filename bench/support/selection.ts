import { FlwrError } from "../../base/error.ts";

/** Which benchmarks to run, and the arguments that each gets. */
export interface Selection {
  readonly names: readonly string[];
  readonly args: readonly string[];
}

/**
 * Reads `[name…] [argument…]`: all benchmarks that are named first, or every one, each with its defaults. Words after a
 * single name that name no benchmark go to that one, and options go to every one that is named.
 *
 * @throws FlwrError "invalid-argument" for a name that is none, and for options without a name
 */
export function parseSelection(words: readonly string[], known: readonly string[]): Selection {
  const end = words.findIndex((word) => !known.includes(word));
  const [names, args] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end)];
  const hints = [`The names are ${known.join(", ")}`];
  const [first] = args;
  if (first !== undefined && !first.startsWith("-") && names.length !== 1) {
    throw new FlwrError("invalid-argument", `There is no benchmark "${first}"`, { hints });
  }
  if (first !== undefined && names.length === 0) {
    throw new FlwrError(
      "invalid-argument",
      `Options need the name of a benchmark before them: got "${first}"`,
      { hints },
    );
  }
  return { names: names.length > 0 ? names : known, args };
}
