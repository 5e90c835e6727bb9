import { printable } from "../../base/printable.ts";
import type { Style } from "./colours.ts";
import type { Screen } from "./screen.ts";

/** A column of a table. */
export interface TableColumn<Row> {
  readonly title: string;
  cell(row: Row): string;
  /** The style of a row's cell. */
  style?(row: Row): Style;
  /** Order in which columns are left out on a narrow terminal, lowest first. Undefined: never left out. */
  readonly dropOrder?: number;
}

/** Spaces between two columns. */
const GAP = "  ";

/**
 * Formats a table: a line of headings, then a line for each row. On a narrow terminal whole columns are left out, because
 * a truncated id is of no use.
 */
export function tableLines<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  screen: Screen,
): string[] {
  const shown = fitting(made(columns, rows), screen.width);
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

/** The titles of the columns that {@link tableLines} leaves out. */
export function hiddenTitles<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  { width }: Screen,
): string[] {
  const shown = new Set(fitting(made(columns, rows), width).map(({ column }) => column));
  return columns.filter((column) => !shown.has(column)).map(({ title }) => title);
}

/** Formats names and values as lines, with aligned values. */
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
  readonly column: TableColumn<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

function made<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
): MadeColumn<Row>[] {
  return columns.map((column) => {
    const cells = rows.map((row) => printable(column.cell(row)));
    return { column, cells, width: Math.max(...[column.title, ...cells].map(widthOf)) };
  });
}

function fitting<Row>(all: readonly MadeColumn<Row>[], width = Infinity): MadeColumn<Row>[] {
  const shown = [...all];
  const total = () => shown.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
  const droppable = all.filter(({ column }) => column.dropOrder !== undefined)
    .sort((a, b) => a.column.dropOrder! - b.column.dropOrder!);
  for (const next of droppable) {
    if (total() <= width) break;
    shown.splice(shown.indexOf(next), 1);
  }
  return shown;
}

/** Length in characters, not UTF-16 units. */
function widthOf(text: string): number {
  return [...text].length;
}
