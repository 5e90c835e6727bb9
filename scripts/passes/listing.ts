import { topologicalOrder } from "../../ml/graph/traverse.ts";
import type { Value } from "../../ml/graph/value.ts";

/** Number of lines shown before and after a change. */
const NEARBY = 2;

/** A line of a listing. The name is separate, so that listings can be compared without names. */
export interface Line {
  readonly name: string;
  /** The operation with its operands' names. */
  readonly text: string;
  /** The operation without names: equal for equal operations in different listings. */
  readonly kind: string;
}

/** A type as text: "float32 [8, 10]". */
export function showType(dtype: string, shape: readonly (number | string)[]): string {
  return `${dtype} [${shape.join(", ")}]`;
}

/** The attributes that distinguish operations of one primitive, in a short form. */
function details(value: Value): string {
  switch (value.primitive) {
    case "transpose":
      return ` to axes ${value.attributes.permutation.join(", ")}`;
    case "reduceSum":
    case "reduceMax":
      return ` over axes ${value.attributes.axes.join(", ")}`;
    case "gatherSum": {
      const { rows, taps, sourceRows } = value.attributes.table;
      const terms = taps === 1 ? "" : ` of ${taps} rows each`;
      return ` by a table: ${sourceRows} → ${rows} rows${terms}`;
    }
    default:
      return "";
  }
}

/** A constant as an operand: a number is shown by its value. */
function literal(value: Value): string | undefined {
  if (value.primitive !== "constant") return undefined;
  const { data } = value.attributes.tensor;
  const first = Number(data[0]).toPrecision(4).replace(/\.?0+$/, "");
  if (data.length === 1) return first;
  return data.every((element) => element === data[0]) ? `${first}…` : undefined;
}

/** A graph as text, one line per value, operands before users. Numbers and inputs have no lines. */
export function listGraph(outputs: readonly Value[]): Line[] {
  const names = new Map<Value, string>();
  const lines: Line[] = [];
  for (const value of topologicalOrder(outputs)) {
    if (value.primitive === "input") names.set(value, value.attributes.name);
    const number = literal(value);
    if (number !== undefined) names.set(value, number);
    if (names.has(value)) continue;
    const name = `v${lines.length + 1}`;
    names.set(value, name);
    const operands = value.inputs.map((input) => names.get(input)!).join(", ");
    const [detail, type] = [details(value), showType(value.dtype, value.shape)];
    lines.push({
      name,
      text: `${value.primitive}(${operands})${detail}  ${type}`,
      kind: `${value.primitive}${detail} ${type}`,
    });
  }
  return lines;
}

/** For each line, whether it is missing in another listing, when lines of the same kind are matched one to one. */
function isMissing(lines: readonly Line[], other: readonly Line[]): boolean[] {
  const left = new Map<string, number>();
  for (const { kind } of other) left.set(kind, (left.get(kind) ?? 0) + 1);
  return lines.map(({ kind }) => {
    const count = left.get(kind) ?? 0;
    left.set(kind, count - 1);
    return count <= 0;
  });
}

/** Lines as text, with a mark before those that are missing in another listing. */
function markMissing(lines: readonly Line[], other: readonly Line[], mark: string): string[] {
  const missing = isMissing(lines, other);
  return lines.map(({ name, text }, i) =>
    `${missing[i] ? mark : " "} ${name.padStart(3)} = ${text}`
  );
}

/** A whole listing; lines that were not in the previous one are marked with ›. */
export function fullListing(lines: readonly Line[], before: readonly Line[] = []): string {
  return markMissing(lines, before, "›").join("\n");
}

/** The part of a listing that is missing in another one, with the lines around it. */
function changedPart(lines: readonly Line[], other: readonly Line[], mark: string): string[] {
  const missing = isMissing(lines, other);
  const [first, last] = [missing.indexOf(true), missing.lastIndexOf(true)];
  return first < 0
    ? []
    : markMissing(lines, other, mark).slice(Math.max(first - NEARBY, 0), last + 1 + NEARBY);
}

/** The difference that a pass makes: the part of the graph that it removes (‹), and the part that it adds (›). */
export function difference(before: readonly Line[], after: readonly Line[]): string {
  return [...changedPart(before, after, "‹"), "", ...changedPart(after, before, "›")].join("\n");
}
