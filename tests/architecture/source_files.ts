import { dirname, join } from "node:path/posix";
import { repositoryPath } from "../support/repository.ts";

/** A TypeScript file and what it imports. */
export interface SourceFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
  /** Files of this repository: import statements, dynamic imports, and the modules that workers are started with. */
  readonly files: readonly string[];
  /** Those of them that it needs when it runs: not what it takes types from. */
  readonly neededFiles: readonly string[];
  /** Packages and built-in modules, without the paths within them. */
  readonly packages: readonly string[];
  /** Those of them that it needs when it runs. */
  readonly neededPackages: readonly string[];
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
  const named = specifiers(text);
  const needed = specifiers(codeOf(text));
  return {
    path,
    text,
    files: filesOf(path, named),
    neededFiles: filesOf(path, needed),
    packages: packagesOf(path, named),
    neededPackages: packagesOf(path, needed),
  };
}

function packagesOf(path: string, specifiers: readonly string[]): string[] {
  return specifiers.filter((specifier) => fileOf(path, specifier) === undefined).map(packageName);
}

function filesOf(path: string, specifiers: readonly string[]): string[] {
  return specifiers.flatMap((specifier) => fileOf(path, specifier) ?? [])
    .filter((file) => file.endsWith(".ts"));
}

/** The file of this repository that a specifier in the file at `path` names. */
function fileOf(path: string, specifier: string): string | undefined {
  if (specifier === "flwr") return "mod.ts";
  return specifier.startsWith(".") ? join(dirname(path), specifier) : undefined;
}

/** A file's text as it runs: without comments, and without statements that import or export types only. */
export function codeOf(text: string): string {
  return withoutComments(text).replace(/^(import|export) type [^;]*?from\s*"[^"\n]+";/gm, "");
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** What the code names in quotes after `from`, `import` and `new URL(`; comments do not count. */
export function specifiers(text: string): string[] {
  const named = /(?:\bfrom|^import|\bimport\(|\bnew URL\()\s*"([^"\n]+)"/gm;
  return [...withoutComments(text).matchAll(named)].map((match) => match[1]!);
}

function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
