import { join, relative } from "node:path/posix";
import * as esbuild from "esbuild";
import { ENTRY, LIBRARY, loadedByUrl, READ_AT_RUN_TIME } from "../compile/entry_points.ts";
import { BUILT_CONFIG, placeBuild } from "./builds_folder.ts";
import { restoreClassNames } from "./class_names.ts";
import { builtFile } from "./place.ts";
import { lateBuiltins, placing, requiredBuiltins } from "./plugins.ts";

/** The folder that builds lie in, below the project's. */
const BUILDS = "dist";

/** The folder of the package that a file is of. */
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Packages with native code, which are loaded from where they lie. */
export const NATIVE: readonly string[] = ["onnxruntime-node"];

/**
 * Joins the program's modules and packages into a few files, so that it starts faster. What is loaded later, or in
 * another thread or process, stays apart; what several such parts share is in one file, so that there is each module once:
 * what an app imports as "flwr" is what its host uses.
 *
 * @param project the project's folder, whose packages are set up
 * @returns the build's folder
 */
export async function buildProgram(project: string): Promise<string> {
  // What is changed while it is built is newer than the build.
  const began = new Date();
  const { files } = await bundleProgram(project, await entryPoints(project));
  return await placeBuild(join(project, BUILDS), files, began);
}

/** A built program, before it is written anywhere. */
export interface Bundle {
  /** The files of the build by their paths in its folder. */
  readonly files: Map<string, Uint8Array>;
  /** The folders of the npm packages whose code is in those files, as paths in the project. */
  readonly packages: readonly string[];
}

/**
 * Builds the program without writing it.
 *
 * @param project the project's folder, whose packages are set up
 * @param modules all that something is started with, as paths in the project
 */
export async function bundleProgram(project: string, modules: readonly string[]): Promise<Bundle> {
  // esbuild names files by their real paths.
  const bundle = await joinModules(await Deno.realPath(project), modules);
  for (const folder of READ_AT_RUN_TIME) await addFiles(project, folder, bundle.files);
  const manifest = JSON.parse(await Deno.readTextFile(join(project, "deno.json")));
  const config = new TextEncoder().encode(JSON.stringify(builtConfig(manifest)));
  bundle.files.set(BUILT_CONFIG, config);
  return bundle;
}

/** All modules that something is started with, as paths in the project. */
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
        [relative(outdir, path), encoder.encode(restoreClassNames(text))] as const
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

/** Deno's settings for a build: what apps and the program itself import by name. */
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
