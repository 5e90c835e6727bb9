import { bestOf, ratioOf } from "../support/comparison.ts";
import { median } from "../support/statistics.ts";
import { formatTable } from "../support/table.ts";
import { formatValue, type Unit } from "../support/unit.ts";
import type { Judged } from "./rows.ts";

/** Comparisons with PyTorch as a table, a row for each, with what was to be reached. */
export function judgedTable(judged: readonly Judged[]): string[] {
  const head = ["", "flwr best", "flwr median", "PyTorch best", "PyTorch median", "better by"];
  const cell = (value: number | undefined, unit: Unit) =>
    value === undefined ? "" : formatValue(value, unit);
  return formatTable(
    [...head, "goal"],
    judged.map((comparison) => {
      const { measure, unit, values, goal } = comparison;
      const ratio = ratioOf(comparison);
      const reached = goal !== undefined && ratio !== undefined && ratio >= goal;
      const faster = cell(ratio, "×");
      return [
        measure,
        cell(bestOf(comparison, "flwr"), unit),
        cell(median(values.flwr), unit),
        cell(bestOf(comparison, "python"), unit),
        cell(median(values.python), unit),
        reached ? `**${faster}**` : faster,
        goal === undefined ? "" : `${goal}×`,
      ];
    }),
  );
}
