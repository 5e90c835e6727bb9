import { invalid } from "./check.ts";
import type { Parts } from "./statistics.ts";

/** Reads a list of finite numbers, each at least `min`. @throws FlwrError "invalid-argument" if it is anything else */
export function readList(parts: Parts, name: string, min = -Infinity): number[] {
  const value = parts.get(name);
  if (!Array.isArray(value)) {
    throw invalid(`Metric "${name}" is ${value === undefined ? "missing" : "no list"}`, [
      "Send the parts of the same statistics from every node",
    ]);
  }
  return value.map((element: number | bigint, i) => {
    const number = Number(element);
    if (Number.isFinite(number) && number >= min) return number;
    throw invalid(`Metric "${name}" has ${element} at position ${i}`);
  });
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
