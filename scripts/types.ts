/**
 * Generates roles/cli/apps/types/public/flwr.d.ts: the types of the module that apps import as "flwr", in one file, for
 * editors and type checkers outside of this repository.
 *
 *     deno task types
 */
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
