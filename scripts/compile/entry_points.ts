import { join } from "node:path/posix";

/** What the executable starts with. */
export const ENTRY = "main.ts";

/** What an app on the disk imports as "flwr". */
export const LIBRARY = "mod.ts";

/** Folders of files that are read at run time: the apps that "flwr new" makes, and the types of what apps import. */
export const READ_AT_RUN_TIME: readonly string[] = [
  "roles/cli/apps/new/templates",
  "roles/cli/apps/types/public",
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
  "ml",
  "proto",
  "roles",
  "rpc",
  "secagg",
  "tensor",
];

const ONLY_FOR_TESTS = /_test\.ts$|(^|\/)testing\//;

/** A module as whoever loads it by its URL names it: the host of a worker, or `load` of base/load.ts. */
const BY_URL = /new URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url/g;

/**
 * Modules that are loaded by their URL at run time, so that the compiler does not find them by itself: workers, commands,
 * and what is loaded only when it is needed.
 *
 * @param project the project's folder
 * @returns their paths in it, sorted
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
