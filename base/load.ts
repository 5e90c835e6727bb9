/**
 * Loads a module when it is needed, and not before. What an `import()` of a name in quotes can reach, Deno reads as soon
 * as the program starts, whether or not the import is ever made: a tenth of a second for every command of `flwr`.
 *
 * The compiler of executables does not see such modules: scripts/compile/entry_points.ts finds them by the words
 * `new URL(name in quotes, import.meta.url)`.
 *
 * @typeParam M `typeof import("./file.ts")`
 */
export function load<M>(module: URL): Promise<M> {
  return import(module.href);
}
