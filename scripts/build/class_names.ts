/**
 * Gives classes back the names that they have in the sources: a class that speaks of itself comes out of esbuild as
 * `var Name = class _Name`. Names are seen: by whoever prints an array, and a strategy goes by that of its class. esbuild's
 * own way (`keepNames`) does this for each function, too, and takes 5 ms at every start.
 */
export function restoreClassNames(text: string): string {
  return text.replaceAll(
    /^(\s*(?:var )?(\w+?)\d* = class _\2(?: extends [^\n{]+)?) \{$/gm,
    (_, head: string, name: string) =>
      `${head} { static { Object.defineProperty(this, "name", { value: "${name}" }); }`,
  );
}
