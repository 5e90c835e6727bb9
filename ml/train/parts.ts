/** Things by the name of the input or output they belong to. What has only one has it under {@link ONLY}. */
export type Parts<T> = ReadonlyMap<string, T>;

/** The name of an input or output that needs none. */
export const ONLY = "";

/** One thing, or several by name. */
export type OneOrNamed<T> = T | Readonly<Record<string, T>>;

/** One thing, or several by name, as parts. */
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

/** Whether two things have the same parts. */
export function sameParts(a: Parts<unknown>, b: Parts<unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((name) => b.has(name));
}
