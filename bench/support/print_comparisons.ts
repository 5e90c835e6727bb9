import { type Comparison, comparisonLines, comparisonTable } from "./comparison.ts";

/** Prints comparisons for people, as a table under its title, and for programs, as lines of JSON below. */
export function printComparisons(
  bench: string,
  title: string,
  comparisons: readonly Comparison[],
): void {
  const lines = [
    ...["", title, ""],
    ...comparisonTable(comparisons),
    "",
    ...comparisonLines(bench, comparisons),
  ];
  console.log(lines.join("\n"));
}
