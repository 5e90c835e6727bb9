import {
  atCell,
  type Cell,
  checkNumber,
  type Column,
  column,
  isNumber,
  parseNumber,
  quote,
  TextColumn,
} from "./cells.ts";
import { checkColumns } from "./check_options.ts";
import {
  givenAction,
  invalid,
  MISSING_CELLS,
  type MissingAction,
  missingAction,
  namesColumns,
  type TableOptions,
} from "./options.ts";
import { headerHints, unnamedHints } from "./header_hints.ts";
import type { TableRow } from "./rows.ts";
import type { Collected } from "./table.ts";

/** A column with its position in the table. */
interface PlacedColumn extends Column {
  readonly index: number;
  /** The action for a missing cell. */
  readonly missing: "refuse" | "drop" | "later" | "forward" | string;
}

/**
 * Reads the cells of the selected columns, row by row.
 *
 * @param rows the names of the columns, then the rows
 *
 * @throws FlwrError "invalid-argument" that names line and column of an invalid cell
 */
export async function collect(
  rows: AsyncIterable<readonly TableRow[]>,
  options: TableOptions,
): Promise<Collected> {
  const missingCells = new Set(options.missingCells ?? MISSING_CELLS);
  const { decimal = "." } = options;
  if (decimal !== "." && decimal !== ",") {
    throw invalid(`Option decimal must be "." or ",": got ${JSON.stringify(decimal)}`);
  }
  const numbersAreMissing = [...missingCells].some(isNumber);
  const isMissing = (cell: Cell, { texts }: PlacedColumn) => {
    if (typeof cell !== "string") {
      if (cell === null || Number.isNaN(cell)) return true;
      if (missingCells.size === 0 || texts === undefined && !numbersAreMissing) return false;
      cell = String(cell);
    }
    // Most cells are numbers, and testing that is faster than a look-up.
    if (texts === undefined && !numbersAreMissing && isNumber(cell)) return false;
    return missingCells.has(cell) && !texts?.allows(cell);
  };
  let placed: { inputs: PlacedColumn[]; target?: PlacedColumn } | undefined;
  let all: PlacedColumn[] = [];
  let dropping: PlacedColumn[] = [];
  let dropped = 0;
  for await (const some of rows) {
    for (const { cells, ...position } of some) {
      if (placed === undefined) {
        placed = placeColumns(cells as readonly string[], options);
        all = placed.target === undefined ? placed.inputs : [...placed.inputs, placed.target];
        dropping = all.filter(({ missing }) => missing === DROP);
        continue;
      }
      // Checked before all cells are read, so that a dropped row adds no class or category.
      if (dropping.some((column) => isMissing(cells[column.index]!, column))) {
        dropped++;
        continue;
      }
      for (const column of all) {
        const cell = cells[column.index]!;
        column.values.push(
          isMissing(cell, column)
            ? replaceMissing(cell, column, position)
            : readCell(cell, column, position, decimal),
        );
      }
    }
  }
  if (placed === undefined || placed.inputs[0]!.values.values.length === 0) {
    throw invalid(
      dropped === 0
        ? "Table has no rows below its header"
        : `Table has no rows: all ${dropped} were dropped for missing cells`,
    );
  }
  return placed;
}

/** The action that drops a row. */
const DROP = "drop";
/** The action that repeats the cell above. */
const FORWARD = "forward";

/** The position of a row in its file. */
type RowPosition = Omit<TableRow, "cells">;

function readCell(
  cell: Cell,
  { name, texts }: PlacedColumn,
  position: RowPosition,
  decimal: "." | ",",
): number {
  const place = { column: name, ...position };
  if (texts !== undefined) return texts.codeOf(String(cell), place);
  if (typeof cell === "string") return parseNumber(cell, place, decimal);
  return checkNumber(Number(cell), cell, place);
}

/** The value of a missing cell: NaN if it is computed later from all cells. */
function replaceMissing(
  cell: Cell,
  { name, texts, missing, values }: PlacedColumn,
  position: RowPosition,
): number {
  if (missing === "later") return NaN;
  const place = { column: name, ...position };
  if (missing === FORWARD) {
    const above = values.last;
    if (above !== undefined) return above;
    throw atCell(
      place,
      `is missing, and there is no row above it to fill it from: ${quote(cell)}`,
      [
        "Remove the first rows from the file, or choose another missing action for this column",
      ],
    );
  }
  if (missing !== "refuse") return texts!.codeOf(missing.slice(FILL.length), place);
  throw atCell(place, `is missing: ${quote(cell)}`, [
    'Say what to do with missing cells: missing: "drop", for example',
  ]);
}

/** Prefix that distinguishes the text that replaces a missing cell from the actions. */
const FILL = "fill:";

function placeColumns(header: readonly string[], options: TableOptions) {
  const { schema, target } = options;
  const names = schema?.inputs.map(({ name }) => name) ?? options.inputs ??
    header.filter((name) => name !== target);
  const unnamed = header.indexOf("");
  if (unnamed !== -1 && names.includes("")) {
    throw invalid(`Column ${unnamed + 1} of the table has no name`, [
      ...unnamedHints(header, unnamed),
      "Or list the input columns in the option inputs",
    ]);
  }
  const inputs = names.map((name, i): PlacedColumn => {
    const index = findColumn(header, name);
    const texts = schema === undefined
      ? categoriesOf(options, name)
      : schema.inputs[i]!.categories && new TextColumn("categories", schema.inputs[i]!.categories);
    const missing = inputAction(options, name, i, texts);
    // A replacement category exists in each file, whether cells are missing or not.
    if (missing.startsWith(FILL)) {
      texts!.codeOf(missing.slice(FILL.length), { column: name, line: 1 });
    }
    return { ...column(name, texts), index, missing };
  });
  checkColumns(options, names);
  if (inputs.length === 0) {
    throw invalid(
      target === undefined
        ? "Table has no inputs: the option inputs is empty"
        : `Table has no inputs: "${target}" is its only column`,
    );
  }
  return target === undefined
    ? { inputs }
    : { inputs, target: placeTarget(header, target, options) };
}

function placeTarget(
  header: readonly string[],
  target: string,
  options: TableOptions,
): PlacedColumn {
  const { targetType = "classes", schema } = options;
  const index = findColumn(header, target);
  const action = missingAction(options, target);
  const missing = action === "drop" ? "drop" : "refuse";
  if (missing !== action && namesColumns(options.missing)) {
    throw invalid(
      `Option missing asks for ${
        JSON.stringify(action)
      } in the target "${target}", whose missing cells are never filled in`,
      ['Set "drop" or "refuse" for it'],
    );
  }
  if (targetType === "numbers") {
    if ((schema?.classes.length ?? 0) > 0) {
      throw invalid(
        "The schema's targets are classes, but targetType is numbers",
      );
    }
    return { ...column(target), index, missing };
  }
  if (schema?.classes.length === 0) {
    throw invalid("The schema's targets are numbers, but targetType is classes");
  }
  const texts = new TextColumn("classes", schema?.classes ?? options.classes);
  return { ...column(target, texts), index, missing };
}

function categoriesOf({ categories = {} }: TableOptions, name: string): TextColumn | undefined {
  if (!Object.hasOwn(categories, name)) return undefined;
  const option = categories[name]!;
  return new TextColumn("categories", typeof option === "string" ? undefined : option.values);
}

function inputAction(
  options: TableOptions,
  name: string,
  index: number,
  texts: TextColumn | undefined,
): string {
  // An action for all columns only applies to columns that support it.
  const perColumn = namesColumns(options.missing);
  const fill = options.schema?.inputs[index]?.fill;
  if (fill !== undefined) {
    checkFill(fill, givenAction(options, name), name, perColumn && texts !== undefined);
    return texts === undefined ? "later" : FILL + fill;
  }
  const action = missingAction(options, name);
  if (action === "refuse" || action === "drop" || action === FORWARD) return action;
  if (options.schema !== undefined && (texts === undefined || perColumn)) {
    throw invalid(`The schema has no value for missing cells of column "${name}"`, [
      'With a schema, set missing: "drop", "forward" or "refuse" for such columns',
    ]);
  }
  if (typeof action === "object") {
    if (texts !== undefined) return FILL + action.value;
    if (Number.isFinite(Math.fround(Number(action.value))) && action.value !== "") return "later";
    throw invalid(
      `Missing cells of column "${name}" cannot become "${action.value}": it has numbers`,
    );
  }
  if (texts === undefined) return "later";
  if (!perColumn) return "refuse";
  throw invalid(`Column "${name}" has categories, which have no ${action}`, [
    'Set "drop" or "forward", or { value: "…" } for a category of its own',
  ]);
}

/**
 * Checks the action for a column that the schema fills in. The schema's value is the same at all nodes, so the action
 * must not contradict it.
 */
function checkFill(
  fill: number | string,
  action: MissingAction | undefined,
  name: string,
  needsValue: boolean,
): void {
  const agrees = action === undefined ||
    (typeof action === "object"
      ? String(action.value) === String(fill)
      : (action === "mean" || action === "median") && !needsValue);
  if (agrees) return;
  throw invalid(
    `Option missing asks for ${JSON.stringify(action)} in column "${name}", where the schema ` +
      `fills in ${JSON.stringify(fill)}`,
    [
      "Leave this column out of the option missing to fill it in as the schema does: name the " +
      'others with their actions, as missing: { other: "drop" }',
      `Or remove "fill" from this column's part of the schema, at all nodes`,
    ],
  );
}

function findColumn(header: readonly string[], name: string): number {
  const index = header.indexOf(name);
  if (index !== -1 && index === header.lastIndexOf(name)) return index;
  const problem = index === -1 ? "no column" : "more than one column";
  throw invalid(
    `Table has ${problem} "${name}": it has ${header.map(short).join(", ")}`,
    headerHints(header),
  );
}

/** A column's name, shortened if it is long. */
function short(name: string): string {
  return name.length <= 60 ? name : `${name.slice(0, 60)}…`;
}
