import { FlwrError } from "../../base/error.ts";
import { readRows, type Row } from "../../ml/data/csv/rows.ts";
import { decodeText } from "../../ml/data/csv/text.ts";
import type { NodeTableValue } from "../node_table.ts";

/** The settings of nodes, as read from a file. */
export interface NodeRows {
  readonly names: readonly string[];
  readonly rows: readonly (readonly NodeTableValue[])[];
}

/** Kinds of cells. "digits" has leading zeros, as postcodes do, and is text. */
type CellKind = "integer" | "float" | "digits" | "boolean" | "text";

/**
 * Reads a CSV table of settings. A column is all numbers, all `true` and `false`, or all text. Digits with leading
 * zeros are text.
 *
 * @throws FlwrError "invalid-argument" that names the line and the column
 */
export async function readCsvNodes(bytes: Uint8Array): Promise<NodeRows> {
  const all: Row[] = [];
  for await (const rows of readRows(decodeText(piecesOf(bytes)), ",")) {
    for (const row of rows) all.push(row);
  }
  const [header, ...rows] = all;
  if (header === undefined) throw new FlwrError("invalid-argument", "The table is empty");
  const columns = header.cells.map((name, column) => readColumn(name, column, rows));
  return {
    names: header.cells,
    rows: rows.map((_, row) => columns.map((values) => values[row]!)),
  };
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

function readColumn(name: string, column: number, rows: readonly Row[]): NodeTableValue[] {
  let kind: CellKind | undefined;
  for (const { cells, line } of rows) {
    const cell = cells[column]!;
    if (cell === "") {
      throw new FlwrError("invalid-argument", `Line ${line} has no value in column "${name}"`, {
        hints: ["Fill in the cell, or use a JSON table, in which a node may lack a setting"],
      });
    }
    const next = joined(kind, kindOf(cell));
    if (next === undefined) {
      throw new FlwrError(
        "invalid-argument",
        `Column "${name}" has values of two kinds: "${cell}" in line ${line} is not ${
          NAMES[kind!]
        }`,
        { hints: ["Correct the cell, or use a JSON table, in which each value has its own type"] },
      );
    }
    kind = next;
  }
  return rows.map(({ cells, line }) => valueOf(cells[column]!, kind!, name, line));
}

const NAMES: Readonly<Record<CellKind, string>> = {
  integer: "a number",
  float: "a number",
  digits: "a row of digits",
  boolean: "true or false",
  text: "text",
};

function kindOf(cell: string): CellKind {
  if (/^[+-]?(0|[1-9]\d*)$/.test(cell)) return "integer";
  if (/^\d+$/.test(cell)) return "digits";
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell)) return "float";
  return /^(true|false)$/i.test(cell) ? "boolean" : "text";
}

/** The kind of a column with cells of two kinds. Undefined if they cannot be combined. */
function joined(one: CellKind | undefined, other: CellKind): CellKind | undefined {
  if (one === undefined || one === other) return other;
  const both = [one, other];
  if (both.includes("integer") && both.includes("float")) return "float";
  return both.includes("integer") && both.includes("digits") ? "digits" : undefined;
}

function valueOf(cell: string, kind: CellKind, name: string, line: number): NodeTableValue {
  if (kind === "boolean") return cell.toLowerCase() === "true";
  if (kind === "text" || kind === "digits") return cell;
  const value = Number(cell);
  if (Number.isFinite(value) && (kind === "float" || Number.isSafeInteger(value))) return value;
  throw new FlwrError(
    "invalid-argument",
    `Line ${line}: ${cell} in column "${name}" is too large for a number`,
    { hints: ["Use a JSON table with the value as a text"] },
  );
}
