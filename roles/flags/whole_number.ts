import { InvalidArgumentError } from "commander";

/**
 * What reads a flag's value as a whole number.
 *
 * @returns throws commander's InvalidArgumentError for anything else, or a number beyond the bounds
 */
export function wholeNumber(
  { from = 0, to = Number.MAX_SAFE_INTEGER }: { readonly from?: number; readonly to?: number },
): (text: string) => number {
  const bounds = to === Number.MAX_SAFE_INTEGER ? `, ${from} or more` : ` from ${from} to ${to}`;
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`It must be a whole number${bounds}.`);
  };
}

/** What stands in a flag for no limit. */
export const UNLIMITED = "unlimited";

/** As {@link wholeNumber}, or {@link UNLIMITED}, which is read as Infinity. */
export function wholeNumberOrUnlimited({ from }: { readonly from: number }): (
  text: string,
) => number {
  return (text) => {
    const value = Number(text);
    if (text === UNLIMITED) return Infinity;
    if (/^\d+$/.test(text) && value >= from && value <= Number.MAX_SAFE_INTEGER) return value;
    throw new InvalidArgumentError(
      `It must be a whole number, ${from} or more, or "${UNLIMITED}".`,
    );
  };
}
