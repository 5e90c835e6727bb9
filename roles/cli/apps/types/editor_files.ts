import { join } from "node:path";
import { FlwrError } from "../../../../base/error.ts";
import { globalTypes, libraryImports, libraryUrl, readTypes, TYPES_FILE } from "./installation.ts";

/** Subfolder of an app that points to this installation. It is not part of bundles or version control. */
export const FOLDER = ".flwr";
/** The import map in it. */
const IMPORT_MAP = "import_map.json";
/** The file in it with the types of Deno's globals, for tsc. */
const GLOBALS_FILE = "deno.d.ts";
/** The module in it that apps import as "flwr". */
const MODULE = "flwr.js";
/** The module in it that tests of apps import as "flwr/testing", and its types. */
const TESTING = { module: "testing.js", types: "testing.d.ts" };
/** What these two export. */
const TESTING_NAMES = { values: ["simulate"], types: ["SimulateOptions", "Simulation"] };

/** Settings files of an app's folder. They contain no path of this machine. */
const SETTINGS: Readonly<Record<string, unknown>> = {
  // Without compilerOptions here, Deno would use those of tsconfig.json, which lack Deno's globals.
  "deno.json": { importMap: `./${FOLDER}/${IMPORT_MAP}`, compilerOptions: { strict: true } },
  "tsconfig.json": {
    compilerOptions: {
      target: "esnext",
      module: "esnext",
      moduleResolution: "bundler",
      lib: ["esnext"],
      types: [],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      paths: {
        flwr: [`./${FOLDER}/${TYPES_FILE}`],
        "flwr/testing": [`./${FOLDER}/${TESTING.types}`],
      },
    },
    include: ["**/*.ts", `${FOLDER}/${GLOBALS_FILE}`],
  },
};

/** Names of Deno's settings file. */
const DENO_SETTINGS = ["deno.json", "deno.jsonc"];

/**
 * Writes files to an app's folder so that editors, `deno check`, `deno test` and `tsc` find the types and code of "flwr".
 * Existing settings files are not changed.
 *
 * @param folder the app's folder
 * @returns the settings files that were written
 * @throws FlwrError "failed-precondition" when the folder cannot be written
 */
export async function writeEditorFiles(folder: string): Promise<string[]> {
  try {
    await writeLink(folder);
    return await writeSettings(folder);
  } catch (cause) {
    if (cause instanceof FlwrError) throw cause;
    throw new FlwrError("failed-precondition", `Cannot write to folder "${folder}"`, {
      hints: ["Name the folder of an app: flwr types my-app"],
      cause,
    });
  }
}

/** Whether the folder's deno.json uses the files of {@link writeEditorFiles}. Undefined without a deno.json. */
export async function denoSettings(folder: string): Promise<"ours" | "other" | undefined> {
  for (const name of DENO_SETTINGS) {
    const text = await Deno.readTextFile(join(folder, name)).catch(() => undefined);
    if (text !== undefined) return text.includes(`${FOLDER}/${IMPORT_MAP}`) ? "ours" : "other";
  }
  return undefined;
}

/** Whether the folder's tsconfig.json, if there is one, uses the files of {@link writeEditorFiles}. */
export async function tscKnowsFlwr(folder: string): Promise<boolean> {
  const text = await Deno.readTextFile(join(folder, "tsconfig.json")).catch(() => undefined);
  return text === undefined || text.includes(`${FOLDER}/${TYPES_FILE}`);
}

/** Creates or updates the subfolder that points to this installation. */
async function writeLink(folder: string): Promise<void> {
  const link = join(folder, FOLDER);
  // A downloaded app may contain links, whose targets must not be overwritten.
  await requireFolder(link);
  await replace(join(link, ".gitignore"), "*\n");
  await replace(join(link, TYPES_FILE), await readTypes());
  await replace(join(link, GLOBALS_FILE), await globalTypes());
  const library = libraryUrl();
  if (library !== undefined) {
    const code = `// @ts-self-types="./${TYPES_FILE}"\nexport * from ${
      JSON.stringify(library.href)
    };\n`;
    await replace(join(link, MODULE), code);
    const testing =
      `// @ts-self-types="./${TESTING.types}"\nexport { ${TESTING_NAMES.values} } from "./${MODULE}";\n`;
    await replace(join(link, TESTING.module), testing);
  }
  const names = [...TESTING_NAMES.values, ...TESTING_NAMES.types.map((name) => `type ${name}`)];
  const types = `export { ${names.join(", ")} } from "./${TYPES_FILE}";\n`;
  await replace(join(link, TESTING.types), types);
  const [flwr, testing] = library === undefined
    ? [TYPES_FILE, TESTING.types]
    : [MODULE, TESTING.module];
  const map = {
    imports: { flwr: `./${flwr}`, "flwr/testing": `./${testing}` },
    ...(library !== undefined && {
      scopes: { [new URL(".", library).href]: await libraryImports() },
    }),
  };
  await replace(join(link, IMPORT_MAP), jsonText(map));
}

async function writeSettings(folder: string): Promise<string[]> {
  const written: string[] = [];
  const isSet = await denoSettings(folder) !== undefined;
  for (const [name, settings] of Object.entries(SETTINGS)) {
    if (isSet && DENO_SETTINGS.includes(name)) continue;
    try {
      await Deno.writeTextFile(join(folder, name), jsonText(settings), { createNew: true });
      written.push(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  return written;
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2) + "\n";
}

/** Creates a folder unless it exists. @throws FlwrError "failed-precondition" if something else has its name */
async function requireFolder(path: string): Promise<void> {
  const there = await Deno.lstat(path).catch(() => undefined);
  if (there === undefined) await Deno.mkdir(path);
  else if (!there.isDirectory) {
    throw new FlwrError("failed-precondition", `"${path}" is not a folder`, {
      hints: [there.isSymlink ? "It is a link: remove it" : "Remove it"],
    });
  }
}

/** Writes a file atomically. It replaces a file or a link, not the link's target. */
async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${crypto.randomUUID()}`;
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(draft, bytes, { createNew: true });
    await Deno.rename(draft, path);
  } catch (error) {
    await Deno.remove(draft).catch(() => {});
    throw error;
  }
}
