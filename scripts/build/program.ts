import { join, relative } from "node:path/posix";
import * as esbuild from "esbuild";
import {
  builtGlobalsFile,
  globalTypes,
  withoutComments,
} from "../../roles/cli/apps/types/installation.ts";
import {
  ENTRY,
  LIBRARY,
  loadedByUrl,
  READ_AT_RUN_TIME,
  TYPES_FOLDER,
} from "../compile/entry_points.ts";
import { BUILT_CONFIG, placeBuild } from "./builds_folder.ts";
import { restoreClassNames } from "./class_names.ts";
import { builtFile } from "./place.ts";
import { lateBuiltins, placing, requiredBuiltins } from "./plugins.ts";

/** The folder of builds, in the project. */
const BUILDS = "dist";

/** The folder of the package that a file belongs to. */
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Packages with native code, which are loaded or started from their own folders. */
export const NATIVE: readonly string[] = ["onnxruntime-node", "typescript-native"];

/**
 * Joins the program's modules and packages into a few files, so that it starts faster. Modules that are loaded later,
 * or in another thread or process, become files of their own. Shared code is in one file, so each module exists once:
 * what an app imports as "flwr" is what its host uses.
 *
 * @param project the project's folder, whose packages are installed
 * @returns the build's folder
 */
export async function buildProgram(project: string): Promise<string> {
  // Sources that change during the build are newer than it.
  const began = new Date();
  const { files } = await bundleProgram(project, await entryPoints(project));
  return await placeBuild(join(project, BUILDS), files, began);
}

/** A built program that is not written yet. */
export interface Bundle {
  /** The files of the build by their paths in its folder. */
  readonly files: Map<string, Uint8Array>;
  /** Folders of the npm packages whose code is in these files, as paths in the project. */
  readonly packages: readonly string[];
}

/**
 * Builds the program without writing it.
 *
 * @param project the project's folder, whose packages are installed
 * @param modules all modules that can be started, as paths in the project
 */
export async function bundleProgram(project: string, modules: readonly string[]): Promise<Bundle> {
  // esbuild names files by their real paths.
  const bundle = await joinModules(await Deno.realPath(project), modules);
  for (const folder of READ_AT_RUN_TIME) await addFiles(project, folder, bundle.files);
  const globals = withoutComments(new TextDecoder().decode(await globalTypes()));
  bundle.files.set(
    join(TYPES_FOLDER, builtGlobalsFile(Deno.version.deno)),
    new TextEncoder().encode(globals),
  );
  const manifest = JSON.parse(await Deno.readTextFile(join(project, "deno.json")));
  const config = new TextEncoder().encode(JSON.stringify(builtConfig(manifest)));
  bundle.files.set(BUILT_CONFIG, config);
  return bundle;
}

/** All modules that can be started, as paths in the project. */
export async function entryPoints(project: string): Promise<string[]> {
  return [ENTRY, LIBRARY, ...await loadedByUrl(project)];
}

async function joinModules(project: string, modules: readonly string[]): Promise<Bundle> {
  const outdir = join(project, BUILDS);
  try {
    const { outputFiles, metafile } = await esbuild.build({
      absWorkingDir: project,
      entryPoints: modules.map((module) => ({
        in: module,
        out: builtFile(module).replace(/\.js$/, ""),
      })),
      outdir,
      write: false,
      metafile: true,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "esnext",
      chunkNames: "shared.[hash]",
      external: [...NATIVE],
      legalComments: "none",
      logLevel: "silent",
      plugins: [placing(project), lateBuiltins, requiredBuiltins],
    });
    const encoder = new TextEncoder();
    const files = new Map(
      outputFiles.map(({ path, text }) =>
        [
          relative(outdir, path),
          encoder.encode(withoutTypeImports(restoreClassNames(text))),
        ] as const
      ),
    );
    const packages = Object.keys(metafile.inputs).flatMap((input) =>
      PACKAGE.exec(input)?.[0] ?? []
    );
    return { files, packages: [...new Set(packages)].toSorted() };
  } finally {
    await esbuild.stop();
  }
}

/** A JSDoc comment that imports a type, such as the casts of hyparquet. */
const TYPE_IMPORT = /\/\*\*(?:(?!\*\/)[\s\S])*?import\((?:(?!\*\/)[\s\S])*?\*\//g;

/** Removes comments that import types: Deno resolves their paths, which do not exist beside the build. */
export function withoutTypeImports(text: string): string {
  return text.replaceAll(TYPE_IMPORT, "");
}

/** Deno's settings for a build: the names that apps and the program can import. */
function builtConfig(
  { unstable, imports }: { unstable: readonly string[]; imports: Readonly<Record<string, string>> },
) {
  return {
    nodeModulesDir: "manual",
    lock: false,
    unstable,
    imports: {
      flwr: `./${builtFile(LIBRARY)}`,
      ...Object.fromEntries(NATIVE.map((name) => [name, imports[name]])),
    },
  };
}

async function addFiles(
  project: string,
  folder: string,
  files: Map<string, Uint8Array>,
): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(join(project, folder))) {
    const path = join(folder, name);
    if (isDirectory) await addFiles(project, path, files);
    else files.set(path, await Deno.readFile(join(project, path)));
  }
}
