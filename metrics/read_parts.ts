import { invalid } from "./check.ts";
import type { Parts } from "./statistics.ts";

/** The largest number that a sum of squares, errors or examples is believed to have: beyond it, sums would overflow. */
export const MAX_STATISTIC = 1e100;

/** Most numbers in a list: as many as the largest confusion matrix has. */
const MAX_LENGTH = 1_000_000;

/**
 * Reads a list of finite numbers.
 *
 * @param min the least that each may be
 * @param maxLength the most numbers
 * @throws FlwrError "invalid-argument" if it is anything else
 */
export function readList(
  parts: Parts,
  name: string,
  min = -MAX_STATISTIC,
  maxLength = MAX_LENGTH,
): number[] {
  const value = parts.get(name);
  if (!Array.isArray(value)) {
    throw invalid(`Metric "${name}" is ${value === undefined ? "missing" : "no list"}`, [
      "Send the parts of the same statistics from every node",
    ]);
  }
  if (value.length > maxLength) {
    throw invalid(
      `Metric "${name}" has ${value.length} numbers, at most ${maxLength} are accepted`,
    );
  }
  return value.map((element: number | bigint, i) => {
    const number = Number(element);
    if (number >= min && number <= MAX_STATISTIC) return number;
    throw invalid(`Metric "${name}" has ${element} at position ${i}`);
  });
}

/** Reads a list of counts: whole numbers from 0. @throws FlwrError "invalid-argument" if it is anything else */
export function readCounts(parts: Parts, name: string, maxLength?: number): number[] {
  const counts = readList(parts, name, 0, maxLength);
  const odd = counts.find((count) => !Number.isSafeInteger(count));
  if (odd !== undefined) throw invalid(`Metric "${name}" has ${odd}, expected whole numbers`);
  return counts;
}

/** The sums of lists, element by element. @throws FlwrError "invalid-argument" unless all have the same length */
export function addLists(name: string, lists: readonly (readonly number[])[]): number[] {
  const [first] = lists as [readonly number[]];
  for (const { length } of lists) {
    if (length === first.length) continue;
    throw invalid(
      `Metric "${name}" has ${first.length} numbers from one node and ${length} from another`,
      [
        "Use the same number of classes or bins on every node",
      ],
    );
  }
  return first.map((_, i) => lists.reduce((sum, list) => sum + list[i]!, 0));
}
