/**
 * Loads a module when it is needed. Deno reads every module that an `import()` with a literal name can reach as soon as
 * the program starts, even if the import never happens: that would cost each command of `flwr` a tenth of a second.
 *
 * The compiler of executables does not find such modules: scripts/compile/entry_points.ts searches for the expression
 * `new URL(name in quotes, import.meta.url)`.
 *
 * @typeParam M `typeof import("./file.ts")`
 */
export function load<M>(module: URL): Promise<M> {
  return import(module.href);
}
