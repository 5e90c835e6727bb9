import { repositoryPath } from "../support/repository.ts";
import { runCommand } from "./command.ts";

/** The parts of `deno info --json` that tell what is loaded when. */
interface Graph {
  readonly roots: readonly string[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly npmPackage?: string;
    readonly dependencies?: readonly Dependency[];
  }[];
}

type Module = Graph["modules"][number];

interface Dependency {
  readonly isDynamic?: boolean;
  /** Where the code is; an import of types alone has none. */
  readonly code?: { readonly specifier?: string };
}

/**
 * What is loaded as soon as a module is. What is imported only when a function asks for it, is not among it.
 *
 * @param file path in the repository
 * @returns paths of the repository's own files, "npm:commander" for packages, "node:path" for Deno's own modules
 */
export async function loadedWith(file: string): Promise<Set<string>> {
  const { code, stdout, stderr } = await runCommand(
    Deno.execPath(),
    ["info", "--json", repositoryPath(file)],
    { cwd: repositoryPath("") },
  );
  if (code !== 0) throw new Error(stderr);
  const { roots, redirects, modules }: Graph = JSON.parse(stdout);
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set<string>();
  const waiting = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const module = bySpecifier.get(redirects[next] ?? next);
    if (module === undefined) continue;
    const name = nameOf(module);
    if (loaded.has(name)) continue;
    loaded.add(name);
    for (const { isDynamic, code } of module.dependencies ?? []) {
      if (!isDynamic && code?.specifier !== undefined) waiting.push(code.specifier);
    }
  }
  return loaded;
}

function nameOf({ specifier, npmPackage }: Module): string {
  if (npmPackage !== undefined) return `npm:${npmPackage.replace(/(?<=.)@.*$/, "")}`;
  if (!specifier.startsWith("file:")) return specifier;
  return decodeURIComponent(new URL(specifier).pathname).slice(repositoryPath("").length);
}
