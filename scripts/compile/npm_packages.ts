import { join } from "node:path";

/** The parts of `deno info --json` that list the npm packages of a program. */
export interface ModuleGraph {
  readonly modules: readonly { readonly kind?: string; readonly npmPackage?: string }[];
  /** All packages of the lock file, used or not, by id, with the ids of their dependencies. */
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
}

/**
 * The npm packages that modules import, and their dependencies.
 *
 * @returns "name@version" of each
 */
export function neededPackages(graphs: readonly ModuleGraph[]): Set<string> {
  const needed = new Set<string>();
  for (const { modules, npmPackages } of graphs) {
    const seen = new Set<string>();
    const waiting = modules.flatMap(({ npmPackage }) => npmPackage ?? []);
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const found = npmPackages[id];
      if (found === undefined || seen.has(id)) continue;
      seen.add(id);
      needed.add(`${found.name}@${found.version}`);
      waiting.push(...found.dependencies);
    }
  }
  return needed;
}

/**
 * The parts of `node_modules` that the executable does not need: packages that only scripts and tests use, and links by
 * which other tools find packages. `deno compile` follows links, so a remaining link would include everything that is
 * excluded under the link's target.
 *
 * @param nodeModules the project's node_modules in Deno's layout
 * @param needed "name@version" of the packages to keep
 * @returns paths of files and folders
 */
export async function unneededFolders(
  nodeModules: string,
  needed: ReadonlySet<string>,
): Promise<string[]> {
  const folders = new Set([...needed].map((id) => id.replaceAll("/", "+")));
  const unneeded: string[] = [];
  for await (const { name } of Deno.readDir(nodeModules)) {
    if (name !== ".deno") unneeded.push(join(nodeModules, name));
  }
  for await (const { name } of Deno.readDir(join(nodeModules, ".deno"))) {
    // A package with several sets of peer dependencies has a number after its version.
    if (!folders.has(name.replace(/_\d+$/, ""))) unneeded.push(join(nodeModules, ".deno", name));
  }
  return unneeded.toSorted();
}
