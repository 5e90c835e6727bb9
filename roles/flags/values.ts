import { MAX_NODE_NAME_LENGTH, nodeNameProblem } from "../../base/node_name.ts";
import { type Address, parseAddress } from "../../rpc/address.ts";
import { FlwrError } from "../../base/error.ts";
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

/** A command line that cannot be understood: the command ends with exit status 2, as for an unknown option. */
export class UsageError extends FlwrError {}

/**
 * Reads what a flag gives, before anything else is done.
 *
 * @param read throws FlwrError "invalid-argument" when the text cannot be understood
 * @throws UsageError for such an error, with its sentence and hints; any other error as it is
 */
export function readingFlag<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FlwrError) || error.code !== "invalid-argument") throw error;
    throw new UsageError(error.code, error.message, { hints: error.hints, cause: error });
  }
}

const MAX_ID = 2n ** 64n - 1n;

/** A run's or node's id of the command line: whole numbers of 64 bits, which JavaScript's numbers cannot hold. */
export function readId(text: string): bigint {
  const id = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (id !== undefined && id <= MAX_ID) return id;
  throw new InvalidArgumentError("It must be an id: a whole number of at most 64 bits.");
}

/** A count of the command line: 1 or more. */
export function readCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("It must be a whole number, 1 or more.");
}

/**
 * Reads the address that a flag gives.
 *
 * @throws UsageError naming the flag
 */
export function readFlagAddress(
  flag: string,
  text: string,
  options: { allowZero?: boolean } = {},
): Address {
  try {
    return parseAddress(text, options);
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    throw new UsageError(code, `${flag}: ${message}`, { hints, cause: error });
  }
}

/** What `--name` gives; undefined without it. @throws FlwrError for a name that cannot be used */
export function readNameFlag(name: string | undefined): string | undefined {
  const problem = name === undefined ? undefined : nodeNameProblem(name);
  if (problem === undefined) return name;
  return readingFlag(() => {
    throw new FlwrError("invalid-argument", `The name of --name ${problem}`, {
      hints: [`Give 1 to ${MAX_NODE_NAME_LENGTH} visible characters, as in: --name hospital-b`],
    });
  });
}
