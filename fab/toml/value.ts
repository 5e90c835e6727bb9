/** A table with its keys in the order of the file. A Map, because JavaScript objects reorder numeric keys. */
export type TomlTable = ReadonlyMap<string, TomlValue>;

/** A value of a TOML file. Integers are bigints, floats are numbers. */
export type TomlValue =
  | string
  | boolean
  | bigint
  | number
  | TomlTime
  | readonly TomlValue[]
  | TomlTable;

/** A date, a time, or both. */
export class TomlTime {
  /** Text as printed by Python: `2024-10-01 07:32:00+00:00`, with microseconds unless they are zero. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Whether a value is a table. */
export function isTable(value: TomlValue | undefined): value is TomlTable {
  return value instanceof Map;
}

/** The table at a path of keys; undefined if there is none. */
export function tableAt(table: TomlTable, ...path: readonly string[]): TomlTable | undefined {
  let at: TomlValue | undefined = table;
  for (const key of path) {
    if (!isTable(at)) return undefined;
    at = at.get(key);
  }
  return isTable(at) ? at : undefined;
}

/** A value's type, for error messages. */
export function describeToml(value: TomlValue): string {
  if (value instanceof TomlTime) return "a date or time";
  if (Array.isArray(value)) return "a list";
  if (isTable(value)) return "a table";
  if (typeof value === "bigint") return "a whole number";
  return typeof value === "string" ? "a text" : `a ${typeof value}`;
}
