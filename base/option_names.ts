import { FlwrError } from "./error.ts";

/** The names of an options object, each once: the compiler keeps them equal to the type's. */
export type OptionNames<O> = Readonly<Record<keyof O, true>>;

/**
 * Refuses options under names that a function does not have. TypeScript finds these in literals alone, and an option that is
 * left out without a word changes the result.
 *
 * @param of the function, for the message
 * @param elsewhere names that other libraries use, with what to write in their place
 * @throws FlwrError "invalid-argument" with the first unknown name and the known ones
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
    // An optional value that was not given is often passed on as undefined.
    if (Object.hasOwn(known, name) || value === undefined) continue;
    const instead = Object.hasOwn(elsewhere, name) ? [elsewhere[name]!] : [];
    throw new FlwrError("invalid-argument", `${of} has no option "${name}"`, {
      hints: [...instead, `Its options are ${Object.keys(known).join(", ")}`],
    });
  }
}
