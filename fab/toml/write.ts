import { pythonFloat } from "./python_float.ts";
import { isTable, type TomlTable, TomlTime, type TomlValue } from "./value.ts";

/** Longest line for an inline table in a list, in characters. */
const MAX_LINE_LENGTH = 100;
const INDENT = "    ";

/**
 * Encodes a table byte for byte like Python's tomli_w 1.x with its defaults: plain values of a table before its tables,
 * lists over several lines, and strings in double quotes on one line. The hash of a FAB depends on these bytes.
 */
export function writeToml(table: TomlTable): string {
  return [...tableLines(table, "", false)].join("");
}

function* tableLines(table: TomlTable, name: string, inList: boolean): Generator<string> {
  const values: [string, TomlValue][] = [];
  const tables: { key: string; table: TomlTable; inList: boolean }[] = [];
  for (const [key, value] of table) {
    if (isTable(value)) tables.push({ key, table: value, inList: false });
    else if (isTableList(value) && !value.every(fitsLine)) {
      tables.push(...value.map((item) => ({ key, table: item, inList: true })));
    } else values.push([key, value]);
  }
  let begun = false;
  if (inList || (name !== "" && (values.length > 0 || tables.length === 0))) {
    begun = true;
    yield inList ? `[[${name}]]\n` : `[${name}]\n`;
  }
  for (const [key, value] of values) {
    begun = true;
    yield `${writeKey(key)} = ${writeValue(value, 0)}\n`;
  }
  for (const { key, table, inList } of tables) {
    if (begun) yield "\n";
    begun = true;
    yield* tableLines(table, name === "" ? writeKey(key) : `${name}.${writeKey(key)}`, inList);
  }
}

function isTableList(value: TomlValue): value is readonly TomlTable[] {
  return Array.isArray(value) && value.length > 0 && value.every(isTable);
}

/** Whether a table in a list fits into one line. As in Python, the length is in code points. */
function fitsLine(table: TomlTable): boolean {
  const line = `${INDENT}${writeInlineTable(table)},`;
  return [...line].length <= MAX_LINE_LENGTH && !line.includes("\n");
}

/** Encodes a value. @param depth number of lists around it */
function writeValue(value: TomlValue, depth: number): string {
  if (typeof value === "string") return writeText(value);
  if (typeof value === "number") return pythonFloat(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (value instanceof TomlTime) return value.text;
  if (isTable(value)) return writeInlineTable(value);
  return writeList(value as readonly TomlValue[], depth);
}

function writeInlineTable(table: TomlTable): string {
  if (table.size === 0) return "{}";
  const pairs = [...table].map(([key, value]) => `${writeKey(key)} = ${writeValue(value, 0)}`);
  return `{ ${pairs.join(", ")} }`;
}

function writeList(list: readonly TomlValue[], depth: number): string {
  if (list.length === 0) return "[]";
  const items = list.map((item) => INDENT.repeat(depth + 1) + writeValue(item, depth + 1));
  return `[\n${items.join(",\n")},\n${INDENT.repeat(depth)}]`;
}

function writeKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : writeText(key);
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

// deno-lint-ignore no-control-regex -- it looks for control characters
const ESCAPED = /[\x00-\x08\x0a-\x1f"\\\x7f]/g;

/** Encodes a string in double quotes. Escapes all control characters except for tabs. */
function writeText(text: string): string {
  const escape = (char: string) =>
    SHORT_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${text.replace(ESCAPED, escape)}"`;
}
