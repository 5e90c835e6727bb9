import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FlwrError } from "../../base/error.ts";

/** The location of an app's object: the module, and the name that it is exported under. */
export interface AppModule {
  /** The module's `file:` URL. */
  readonly url: string;
  /** The module's path, for messages. */
  readonly file: string;
  /** Absolute path of the app's folder: the one searched, or the module's own if it is outside that folder. */
  readonly folder: string;
  readonly exportName: string;
}

/** File endings tried for a module named without one, in this order. */
const ENDINGS = [".ts", ".js", ".mts", ".mjs", ".tsx", ".jsx"];

/**
 * Finds the module for an argument such as `client:app`.
 *
 * @param spec `module:name`. The module is a dotted path (`pkg.client`) as in Flower, or a file path
 * @param directory the folder to look in, from `--dir`
 * @throws FlwrError "invalid-argument" for a malformed argument, "not-found" if no such file exists
 */
export async function findAppModule(spec: string, directory: string): Promise<AppModule> {
  const match = /^(.+):([A-Za-z_$][\w$]*)$/.exec(spec);
  if (match === null) {
    throw new FlwrError("invalid-argument", `App "${spec}" is not of the form "module:name"`, {
      hints: ['"client:app" is the export "app" of client.ts'],
    });
  }
  const [, module, exportName] = match as unknown as [string, string, string];
  const root = resolve(directory);
  const candidates = candidatePaths(module).map((path) =>
    isAbsolute(path) ? path : join(root, path)
  );
  for (const file of candidates) {
    const info = await Deno.stat(file).catch(() => undefined);
    if (!info?.isFile) continue;
    const folder = relative(root, file).startsWith("..") ? dirname(file) : root;
    return { url: pathToFileURL(file).href, file, folder, exportName };
  }
  throw new FlwrError("not-found", `App "${spec}" was not found in "${root}"`, {
    hints: [
      `Looked for ${
        candidates.slice(0, 2).map((file) => `"${file}"`).join(", ")
      } and similar files`,
      "Set --dir to the folder that contains it",
    ],
  });
}

function candidatePaths(module: string): string[] {
  const hasEnding = ENDINGS.some((ending) => module.endsWith(ending));
  if (hasEnding) return [module];
  const asPath = module.replaceAll("\\", "/");
  const paths = asPath.includes("/") ? [asPath] : [asPath.replaceAll(".", "/"), asPath];
  return [...new Set(paths)].flatMap((path) => ENDINGS.map((ending) => path + ending));
}
