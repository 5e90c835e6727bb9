import { dirname, join } from "node:path/posix";
import { repositoryPath } from "../support/repository.ts";

/** A TypeScript file and what it imports. */
export interface SourceFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
  /** Files of this repository: import statements, dynamic imports, and the modules that workers are started with. */
  readonly files: readonly string[];
  /** Packages and built-in modules, without the paths within them. */
  readonly packages: readonly string[];
}

const SKIPPED = new Set(["dist", "node_modules", "vectors"]);
/** Files that only tests use: they may import what they like. */
const OF_TESTS = /_test\.ts$|(^|[/_])fixture\.ts$|(^|\/)testing\//;

/** Every TypeScript file of the repository but those that only tests use. */
export function sourceFiles(): SourceFile[] {
  return [...paths("")].filter((path) => !OF_TESTS.test(path)).sort().map(read);
}

function* paths(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(repositoryPath(folder))) {
    if (name.startsWith(".") || SKIPPED.has(name)) continue;
    const path = join(folder, name);
    if (isDirectory) yield* paths(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

function read(path: string): SourceFile {
  const text = Deno.readTextFileSync(repositoryPath(path));
  const files: string[] = [];
  const packages: string[] = [];
  for (const specifier of specifiers(text)) {
    if (specifier === "flwr") files.push("mod.ts");
    else if (specifier.startsWith(".")) files.push(join(dirname(path), specifier));
    else packages.push(packageName(specifier));
  }
  return { path, text, files: files.filter((file) => file.endsWith(".ts")), packages };
}

/** What the code names in quotes after `from`, `import` and `new URL(`; comments do not count. */
export function specifiers(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const named = /(?:\bfrom|^import|\bimport\(|\bnew URL\()\s*"([^"\n]+)"/gm;
  return [...code.matchAll(named)].map((match) => match[1]!);
}

function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
