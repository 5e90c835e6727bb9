import { FlwrError } from "../../../base/error.ts";
import { MAX_CSV_CATEGORIES, TextColumn } from "../csv/cells.ts";
import { invalid } from "../csv/options.ts";
import { checkSchema, type ColumnSchema, type TableSchema } from "../csv/schema.ts";
import { deviationOf } from "../csv/statistics.ts";
import type {
  CategoryColumnStatistics,
  NumberColumnStatistics,
  TableStatistics,
  TextStatistics,
} from "./table_statistics.ts";
import { checkStatistics } from "./check.ts";

/**
 * Merges nodes' statistics into the schema of the table that all their training rows would form together: means and
 * deviations are those of all rows (Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
 * Sample Variances", 1979), and categories and classes are those of any node. The order of the statistics does not matter.
 *
 * @param statistics results of {@link tableStatistics}, or their JSON texts; at least one
 * @returns the schema to read all nodes' tables with
 * @throws FlwrError "invalid-argument" that says which statistics, from 1, are malformed or do not fit the others
 */
export function mergeTableStatistics(
  statistics: readonly (TableStatistics | string)[],
): TableSchema {
  if (!Array.isArray(statistics) || statistics.length === 0) {
    throw invalid("There are no statistics to merge", ["Wait for at least one node's reply"]);
  }
  const all = statistics.map((one, i) => numbered(i, () => checkStatistics(parsed(one))));
  const [first] = all as [TableStatistics];
  for (const [i, one] of all.entries()) numbered(i, () => checkFit(first, one));
  const columns = first.columns.map((_, c) => all.map(({ columns }) => columns[c]!));
  const rows = all.reduce((sum, one) => sum + one.rows, 0);
  return checkSchema({
    inputs: columns.map((parts) =>
      "encoding" in parts[0]!
        ? mergeCategories(parts as CategoryColumnStatistics[])
        : mergeNumbers(parts as NumberColumnStatistics[], rows)
    ),
    classes: first.classes === undefined
      ? []
      : mergeTexts("classes", "target", all.map(({ classes }) => classes!)).texts,
  });
}

/** Runs a check; its error then says which statistics, from 1, it is about. */
function numbered<T>(index: number, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof FlwrError)) throw error;
    const message = `Statistics ${index + 1}: ${error.message}`;
    throw new FlwrError(error.code, message, { hints: error.hints, cause: error });
  }
}

function parsed(statistics: TableStatistics | string): unknown {
  if (typeof statistics !== "string") return statistics;
  try {
    return JSON.parse(statistics);
  } catch (cause) {
    throw new FlwrError("invalid-argument", "They are not JSON", { cause });
  }
}

/** What must be the same at all nodes. */
function planOf({ columns, classes }: TableStatistics): string[] {
  const texts = (found: TextStatistics | undefined) => found?.listed ? found.texts : found?.listed;
  return [
    ...columns.map((column) => {
      const { name, fill } = column;
      return JSON.stringify(
        "encoding" in column
          ? { name, fill, encoding: column.encoding, texts: texts(column.texts) }
          : { name, fill, standardize: column.standardize },
      );
    }),
    JSON.stringify({ classes: texts(classes) ?? "none" }),
  ];
}

function checkFit(first: TableStatistics, other: TableStatistics): void {
  const [plan, others] = [planOf(first), planOf(other)];
  const at = plan.findIndex((part, i) => part !== others[i]);
  if (at === -1 && plan.length === others.length) return;
  const short = (part = "missing") => part.length <= 200 ? part : `${part.slice(0, 200)}…`;
  throw invalid(
    `They do not fit the first: ${short(others[at])} in place of ${short(plan[at])}`,
    ["Compute the statistics with the same options and columns on all nodes"],
  );
}

function mergeNumbers(parts: readonly NumberColumnStatistics[], rows: number): ColumnSchema {
  const [{ name, standardize, fill }] = parts as [NumberColumnStatistics];
  const given = typeof fill === "object" ? { fill: fill.value } : {};
  if (parts[0]!.cells === undefined) return { name, ...given };
  // In an order that does not depend on the arrival of replies, because rounding does.
  const cells = parts.map(({ cells }) => cells!).filter(({ count }) => count > 0)
    .toSorted((a, b) => a.mean - b.mean || a.count - b.count || a.squares - b.squares);
  if (cells.length === 0) {
    throw invalid(`Column "${name}" has no numbers for a mean: all its cells are missing`);
  }
  const { mean, squares } = cells.reduce((a, b) => {
    const count = a.count + b.count;
    const difference = b.mean - a.mean;
    return {
      count,
      mean: a.mean + difference * (b.count / count),
      squares: a.squares + b.squares + difference ** 2 * (a.count * (b.count / count)),
    };
  });
  // Cells that become the mean add nothing to the squares.
  const scale = standardize ? { mean, deviation: deviationOf(squares, rows, mean) } : {};
  return { name, ...given, ...(fill === "mean" ? { fill: mean } : {}), ...scale };
}

function mergeCategories(parts: readonly CategoryColumnStatistics[]): ColumnSchema {
  const [{ name, encoding, fill }] = parts as [CategoryColumnStatistics];
  const { texts, named } = mergeTexts("categories", name, parts.map(({ texts }) => texts));
  const filled = fill === undefined ? {} : { fill: named(fill) };
  return { name, ...filled, encoding, categories: texts };
}

/** The texts of all nodes, ordered as in one table. */
function mergeTexts(
  kind: "categories" | "classes",
  column: string,
  parts: readonly TextStatistics[],
): { texts: readonly string[]; named: (text: string) => string } {
  const [first] = parts as [TextStatistics];
  const merged = new TextColumn(kind, first.listed ? first.texts : undefined);
  const place = { column, line: 1 };
  for (const { texts } of parts) {
    if (first.listed) break;
    for (const text of texts) {
      if (!merged.has(text) && merged.size === MAX_CSV_CATEGORIES) {
        throw invalid(
          `Column "${column}" has more than ${MAX_CSV_CATEGORIES} ${kind} in all nodes`,
        );
      }
      merged.codeOf(text, place);
    }
  }
  const { texts, codes } = merged.ordered();
  return { texts, named: (text) => texts[codes[merged.codeOf(text, place)]!]! };
}
