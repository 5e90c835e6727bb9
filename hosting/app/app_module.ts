import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FlwrError } from "../../base/error.ts";
import { type Compute, computingWith } from "../../ml/engine/compute.ts";
import { machineCompute } from "../../ml/session/machine_compute.ts";

/** Where an app's object is: which file, and under which name the file exports it. */
export interface AppModule {
  /** The module's `file:` URL. */
  readonly url: string;
  /** Its path, for messages. */
  readonly file: string;
  /** The app's folder, absolute: where it was looked for, or the one that it lies in. */
  readonly folder: string;
  readonly exportName: string;
}

/** File endings tried for a module named without one, in this order. */
const ENDINGS = [".ts", ".js", ".mts", ".mjs", ".tsx", ".jsx"];

/**
 * Finds the module that an argument such as `client:app` names.
 *
 * @param spec `module:name`, where module is a dotted path (`pkg.client`) as in Flower, or a file path
 * @param directory the folder to look in, from `--dir`
 * @throws FlwrError "invalid-argument" for a malformed argument, "not-found" when there is no such file
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
      "Name the folder that contains it with --dir",
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

/**
 * Imports the module and returns the object it exports.
 *
 * @param accepts tells the right kind of object from others, e.g. `isClientApp`
 * @param kind its name in messages, e.g. "ClientApp"
 * @param compute what models that the module makes at once compute with (default: this machine)
 * @throws FlwrError "failed-precondition" when the module cannot be loaded or exports something else
 */
export async function importApp<App>(
  { url, file, exportName }: AppModule,
  accepts: (value: unknown) => value is App,
  kind: string,
  compute: Compute = machineCompute(),
): Promise<App> {
  let module: Record<string, unknown>;
  try {
    module = await computingWith(compute, () => import(url));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FlwrError("failed-precondition", `"${file}" could not be loaded: ${reason}`, {
      cause: error,
    });
  }
  const value = module[exportName];
  if (accepts(value)) return value;
  const names = Object.keys(module);
  throw new FlwrError(
    "failed-precondition",
    value === undefined
      ? `"${file}" exports no "${exportName}"`
      : `"${exportName}" of "${file}" is not a ${kind}`,
    {
      hints: [
        names.length === 0 ? "It exports nothing" : `It exports: ${names.join(", ")}`,
        `Write: export const ${exportName} = new ${kind}()`,
      ],
    },
  );
}
