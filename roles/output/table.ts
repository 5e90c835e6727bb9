import { printable } from "../../base/printable.ts";
import type { Style } from "./colours.ts";
import type { Screen } from "./screen.ts";

/** A column of a table whose rows are of some type. */
export interface Column<Row> {
  readonly title: string;
  cell(row: Row): string;
  /** How the cell looks on a terminal. */
  style?(row: Row): Style;
  /** Left out when the terminal is too narrow: columns of a lower number go first; one without stays. */
  readonly dropOrder?: number;
}

/** Blanks between two columns. */
const GAP = "  ";

/**
 * Lines of a table: headings, then a line for each row. On a terminal that is too narrow, columns are left out so that
 * what is shown is whole: an id that is cut off is of no use.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  screen: Screen,
): string[] {
  const made = columns.map((column) => {
    const cells = rows.map((row) => printable(column.cell(row)));
    return { column, cells, width: Math.max(...[column.title, ...cells].map(widthOf)) };
  });
  const shown = fitting(made, screen.width);
  const line = (cellOf: (index: number) => { text: string; style?: Style }) =>
    shown.map(({ width }, index) => {
      const { text, style } = cellOf(index);
      const padding = index === shown.length - 1 ? "" : " ".repeat(width - widthOf(text));
      return (style?.(text) ?? text) + padding;
    }).join(GAP).trimEnd();
  const { heading } = screen.colours;
  return [
    line((index) => ({ text: shown[index]!.column.title, style: heading })),
    ...rows.map((row, at) =>
      line((index) => {
        const { column, cells } = shown[index]!;
        return { text: cells[at]!, style: column.style?.(row) };
      })
    ),
  ];
}

/** Lines of names and values, the values one below the other. */
export function fieldLines(
  fields: readonly (readonly [name: string, value: string, style?: Style])[],
  { colours }: Screen,
): string[] {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value, style]) => {
    const text = printable(value);
    return `${colours.heading(name)}${" ".repeat(width - name.length)}${GAP}${
      style?.(text) ?? text
    }`;
  });
}

interface MadeColumn<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

function fitting<Row>(made: readonly MadeColumn<Row>[], width = Infinity): MadeColumn<Row>[] {
  const shown = [...made];
  const total = () => shown.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
  const droppable = made.filter(({ column }) => column.dropOrder !== undefined)
    .sort((a, b) => a.column.dropOrder! - b.column.dropOrder!);
  for (const next of droppable) {
    if (total() <= width) break;
    shown.splice(shown.indexOf(next), 1);
  }
  return shown;
}

/** Characters, not UTF-16 units. */
function widthOf(text: string): number {
  return [...text].length;
}
