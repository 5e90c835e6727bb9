/**
 * Generates roles/cli/apps/types/public/flwr.d.ts: the types of the module that apps import as "flwr", in one file, for
 * editors and type checkers outside of this repository.
 *
 *     deno task types
 */
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { generateDtsBundle } from "dts-bundle-generator";

const PROJECT = resolve(fileURLToPath(new URL("..", import.meta.url)));

/** Path of the file with the types. */
export const TYPES: string = join(PROJECT, "roles/cli/apps/types/public/flwr.d.ts");

/** The text of the types. */
export async function makeTypes(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "flwr-types-" });
  try {
    const [entry, config] = [join(folder, "entry.ts"), join(folder, "tsconfig.json")];
    // The compiler does not know Deno's globals.
    await Deno.writeFile(join(folder, "deno.d.ts"), await denoTypes());
    const module = (path: string) => JSON.stringify(join(PROJECT, path));
    await Deno.writeTextFile(
      entry,
      `/// <reference path="./deno.d.ts" />
export * from ${module("mod.ts")};
export { ${(await memberNames()).map((name) => `${name} as ${MEMBER}${name}`)} } from ${
        module(OPS)
      };
`,
    );
    await Deno.writeTextFile(config, JSON.stringify({ compilerOptions: OPTIONS, files: [entry] }));
    rememberUsers();
    const [types] = generateDtsBundle(
      [{ filePath: entry, output: { exportReferencedTypes: false, noBanner: true } }],
      { preferredConfigPath: config },
    );
    // Names that were for the comments only.
    return types!.replaceAll(new RegExp(`^\\t\\S+ as \\${MEMBER}\\w+,\n`, "gm"), "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * The module that apps use as `ops`. Its members are part of a namespace, and the generator leaves out the comments of what is
 * not exported by itself: so each is, under a name with this beginning.
 */
const OPS = "ml/ops.ts";
const MEMBER = "$ops_";

/** The names that the module `ops` exports. */
async function memberNames(): Promise<string[]> {
  const text = await Deno.readTextFile(join(PROJECT, OPS));
  return [...text.matchAll(/export \{([^}]*)\}/g)].flatMap(([, list]) =>
    list!.split(",").map((name) => name.trim().replace(/^type /, "")).filter((name) => name !== "")
  );
}

/** The part of the generator that knows which symbol is used by which. */
interface UsageEvaluator {
  readonly nodesParentsMap: ReadonlyMap<unknown, ReadonlySet<unknown>>;
  getActualSymbol(symbol: unknown): unknown;
  isSymbolUsedBySymbol(symbol: unknown, by: unknown): boolean;
}

/**
 * Lets the generator 9.5.1 search the users of a symbol once. By itself it searches them anew for each name that is exported,
 * which takes four fifths of its time.
 */
function rememberUsers(): void {
  const require = createRequire(import.meta.url);
  const { TypesUsageEvaluator } = require(
    "dts-bundle-generator/dist/types-usage-evaluator.js",
  ) as { TypesUsageEvaluator: { readonly prototype: UsageEvaluator } };
  let last: unknown;
  let users: ReadonlySet<unknown> = new Set();
  TypesUsageEvaluator.prototype.isSymbolUsedBySymbol = function (symbol, by) {
    const actual = this.getActualSymbol(symbol);
    if (actual !== last) [last, users] = [actual, usersOf(this, actual)];
    return users.has(this.getActualSymbol(by));
  };
}

/** A symbol and all that use it, directly or by others. */
function usersOf({ nodesParentsMap }: UsageEvaluator, symbol: unknown): Set<unknown> {
  const users = new Set([symbol]);
  // A set also gives what is added to it on the way.
  for (const user of users) {
    for (const next of nodesParentsMap.get(user) ?? []) users.add(next);
  }
  return users;
}

const OPTIONS = {
  target: "esnext",
  module: "esnext",
  moduleResolution: "bundler",
  lib: ["esnext"],
  typeRoots: [join(PROJECT, "node_modules", "@types")],
  types: ["node"],
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  // `deno check` has checked the sources.
  noCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  declaration: true,
};

async function denoTypes(): Promise<Uint8Array> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["types"] }).output();
  return stdout;
}

if (import.meta.main) await Deno.writeTextFile(TYPES, await makeTypes());
