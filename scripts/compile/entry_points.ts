import { join } from "node:path/posix";

/** The module with which the executable starts. */
export const ENTRY = "main.ts";

/** The module that apps on the disk import as "flwr". */
export const LIBRARY = "mod.ts";

/** The folder of the types of the library, which apps are checked with. */
export const TYPES_FOLDER = "roles/cli/apps/types/public";

/**
 * Folders of files that are read at run time: the templates of "flwr new", and the types of the module that apps
 * import.
 */
export const READ_AT_RUN_TIME: readonly string[] = [
  "roles/cli/apps/new/templates",
  TYPES_FOLDER,
];

/** The rooms of the program. */
export const ROOMS: readonly string[] = [
  "app",
  "auth",
  "base",
  "certs",
  "entities",
  "fab",
  "hosting",
  "link",
  "metrics",
  "ml",
  "privacy",
  "proto",
  "roles",
  "rpc",
  "secagg",
  "simulation",
  "telemetry",
  "tensor",
];

const ONLY_FOR_TESTS = /_test\.ts$|(^|\/)testing\//;

/** A reference to a module that is loaded by its URL, by the host of a worker or by `load` of base/load.ts. */
const BY_URL = /new URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url/g;

/**
 * Finds the modules that are loaded by their URL at run time and that the compiler therefore does not find: workers,
 * commands, and modules that are loaded only when they are needed.
 *
 * @param project the project's folder
 * @returns their paths in the project, sorted
 */
export async function loadedByUrl(project: string): Promise<string[]> {
  const modules = new Set<string>();
  for (const room of ROOMS) {
    for await (const file of sources(project, room)) {
      const text = await Deno.readTextFile(join(project, file));
      for (const [, module] of text.matchAll(BY_URL)) modules.add(join(file, "..", module!));
    }
  }
  return [...modules].sort();
}

async function* sources(project: string, folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(project, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(project, path);
    else if (name.endsWith(".ts") && !ONLY_FOR_TESTS.test(path)) yield path;
  }
}
