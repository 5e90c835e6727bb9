import { MAX_NODE_NAME_LENGTH, nodeNameProblem } from "../../base/node_name.ts";
import { type Address, parseAddress } from "../../rpc/address.ts";
import { FlwrError } from "../../base/error.ts";
import { InvalidArgumentError } from "commander";

/**
 * Creates a parser for a flag whose value is a whole number.
 *
 * @returns the parser. It throws commander's InvalidArgumentError for anything else, or a number out of bounds
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

/** Value of a flag that means no limit. */
export const UNLIMITED = "unlimited";

/** Creates a parser like {@link wholeNumber} that also accepts {@link UNLIMITED} as Infinity. */
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

/** An invalid command line. The command ends with exit status 2, as for an unknown option. */
export class UsageError extends FlwrError {}

/**
 * Parses a flag's value and turns "invalid-argument" errors into usage errors.
 *
 * @param read parses the value. It throws FlwrError "invalid-argument" for an invalid one
 * @throws UsageError with the message and hints of that error; other errors unchanged
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

/** Parses the id of a run or node: an integer of 64 bits, which a JavaScript number cannot hold. */
export function readId(text: string): bigint {
  const id = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (id !== undefined && id <= MAX_ID) return id;
  throw new InvalidArgumentError("It must be an id: a whole number of at most 64 bits.");
}

/** Parses a count: 1 or more. */
export function readCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("It must be a whole number, 1 or more.");
}

/**
 * Parses a flag's address.
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

/** Checks the value of `--name`. Undefined without the flag. @throws UsageError for an invalid name */
export function readNameFlag(name: string | undefined): string | undefined {
  const problem = name === undefined ? undefined : nodeNameProblem(name);
  if (problem === undefined) return name;
  return readingFlag(() => {
    throw new FlwrError("invalid-argument", `--name: the name ${problem}`, {
      hints: [`Give 1 to ${MAX_NODE_NAME_LENGTH} visible characters, as in: --name hospital-b`],
    });
  });
}
