import { FlwrError } from "../../base/error.ts";

/** Which benchmarks to run, and the options that each gets. */
export interface Selection {
  readonly names: readonly string[];
  readonly options: readonly string[];
}

/**
 * Reads `[name…] [option…]`: the names end where the first option begins. No name means every benchmark, each with its
 * default options.
 *
 * @throws FlwrError "invalid-argument" for a name that is none, and for options without a name
 */
export function parseSelection(args: readonly string[], known: readonly string[]): Selection {
  const firstOption = args.findIndex((arg) => arg.startsWith("-"));
  const end = firstOption < 0 ? args.length : firstOption;
  const [names, options] = [args.slice(0, end), args.slice(end)];
  const hints = [`The names are ${known.join(", ")}`];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new FlwrError("invalid-argument", `There is no benchmark "${unknown}"`, { hints });
  }
  if (names.length === 0 && options.length > 0) {
    throw new FlwrError(
      "invalid-argument",
      `Options need the name of a benchmark before them: got "${options[0]}"`,
      { hints },
    );
  }
  return { names: names.length > 0 ? names : known, options };
}
