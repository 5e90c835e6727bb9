/** Selects names: a full name, a regular expression, or a list of both. */
export type NamePattern = string | RegExp | readonly (string | RegExp)[];

/** Whether a pattern matches a name. */
export function matchesName(pattern: NamePattern | undefined, name: string): boolean {
  if (pattern === undefined) return false;
  const all = Array.isArray(pattern) ? pattern : [pattern as string | RegExp];
  return all.some((one: string | RegExp) =>
    typeof one === "string" ? one === name : name.search(one) >= 0
  );
}
