import { FlwrError } from "./error.ts";

/** The names of an options object, each once. The compiler checks that they are those of the type. */
export type OptionNames<O> = Readonly<Record<keyof O, true>>;

/**
 * Refuses unknown names of options. TypeScript checks names only in literals, and an option that is silently ignored
 * would change the result.
 *
 * @param of name of the function, for the message
 * @param elsewhere names in other libraries, with hints on what to use instead
 * @throws FlwrError "invalid-argument" that names the first unknown option and lists the known ones
 */
export function checkOptionNames<O>(
  of: string,
  options: O,
  known: OptionNames<O>,
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new FlwrError("invalid-argument", `Options of ${of} must be an object`, {
      hints: [`Its options are ${Object.keys(known).join(", ")}`],
    });
  }
  for (const [name, value] of Object.entries(options)) {
    // Optional values that are not set are often passed as undefined.
    if (Object.hasOwn(known, name) || value === undefined) continue;
    const instead = Object.hasOwn(elsewhere, name) ? [elsewhere[name]!] : [];
    throw new FlwrError("invalid-argument", `${of} has no option "${name}"`, {
      hints: [...instead, `Its options are ${Object.keys(known).join(", ")}`],
    });
  }
}
