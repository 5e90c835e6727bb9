import { pythonFloat } from "./python_float.ts";
import { isTable, type TomlTable, TomlTime, type TomlValue } from "./value.ts";

/** Characters of a line up to which a table in a list is written in one line. */
const MAX_LINE_LENGTH = 100;
const INDENT = "    ";

/**
 * Writes a table as Python's tomli_w 1.x does with its defaults, byte for byte: plain values of a table first, then its
 * tables; each list over several lines; texts in double quotes on one line. A bundle's pyproject.toml is written so,
 * and its hash depends on it.
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

/** Whether a table may stand in one line within a list: Python counts code points. */
function fitsLine(table: TomlTable): boolean {
  const line = `${INDENT}${writeInlineTable(table)},`;
  return [...line].length <= MAX_LINE_LENGTH && !line.includes("\n");
}

/** @param depth how many lists the value is in */
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

// deno-lint-ignore no-control-regex -- control characters are what is looked for
const ESCAPED = /[\x00-\x08\x0a-\x1f"\\\x7f]/g;

/** A text in double quotes; of the control characters a tab alone stays as it is. */
function writeText(text: string): string {
  const escape = (char: string) =>
    SHORT_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${text.replace(ESCAPED, escape)}"`;
}
