/** Values by the name of the input or output they belong to. A single one without a name has the name {@link ONLY}. */
export type Parts<T> = ReadonlyMap<string, T>;

/** The name of the only input or output. */
export const ONLY = "";

/** One value, or several by name. */
export type OneOrNamed<T> = T | Readonly<Record<string, T>>;

/** Converts one value, or several by name, to parts. */
export function toParts<T>(
  value: OneOrNamed<T>,
  isOne: (value: OneOrNamed<T>) => value is T,
): Parts<T> {
  return isOne(value) ? new Map([[ONLY, value]]) : new Map(Object.entries(value));
}

/** The names of parts, for messages. */
export function namesOf(parts: Parts<unknown>): string {
  return parts.has(ONLY) ? "one without a name" : [...parts.keys()].join(", ");
}

/** Whether two maps have the same names. */
export function sameParts(a: Parts<unknown>, b: Parts<unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((name) => b.has(name));
}
