import { InvalidArgumentError } from "commander";

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
