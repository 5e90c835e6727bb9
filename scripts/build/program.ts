import { createHash } from "node:crypto";
import { dirname, join, relative } from "node:path/posix";
import * as esbuild from "esbuild";
import { ENTRY, LIBRARY, loadedByUrl, READ_AT_RUN_TIME } from "../compile/entry_points.ts";
import { KEPT_BUILDS } from "./limits.ts";
import { builtFile } from "./place.ts";
import { lateBuiltins, placing, requiredBuiltins } from "./plugins.ts";

/** The folder that builds lie in, below the project's. */
const BUILDS = "dist";

/** A build's own folder: it has the name of what is in it. */
const BUILD = /^program-[0-9a-f]{16}$/;

/** Packages with native code, which are loaded from where they lie. */
const NATIVE = ["onnxruntime-node"];

/** What a build is started with. */
export const BUILT_ENTRY: string = builtFile(ENTRY);

/** Deno's settings for a build. The file's time is that of the sources that were built. */
export const BUILT_CONFIG = "deno.json";

/**
 * Joins the program's modules and packages into a few files, so that it starts faster. What is loaded later, or in
 * another thread or process, stays apart; what several such parts share is in one file, so that there is each module once:
 * what an app imports as "flwr" is what its host uses.
 *
 * Programs that run go on: a build gets a folder of its own. Builds but the newest few are removed.
 *
 * @param project the project's folder, whose packages are set up
 * @returns the build's folder
 */
export async function buildProgram(project: string): Promise<string> {
  const began = new Date();
  const files = await bundle(project);
  for (const folder of READ_AT_RUN_TIME) await addFiles(project, folder, files);
  const manifest = JSON.parse(await Deno.readTextFile(join(project, "deno.json")));
  const config = new TextEncoder().encode(JSON.stringify(builtConfig(manifest)));
  const builds = join(project, BUILDS);
  files.set(BUILT_CONFIG, config);
  const folder = join(builds, `program-${nameOf([...files.values()])}`);
  await place(files, folder);
  // What is changed while it is built is newer than the build.
  await Deno.utime(join(folder, BUILT_CONFIG), began, began);
  await removeOldBuilds(builds, folder);
  return folder;
}

/** Puts the files into a folder, unless they are there already. Others see all of them or none. */
async function place(files: ReadonlyMap<string, Uint8Array>, folder: string): Promise<void> {
  if (await exists(folder)) return;
  const unfinished = `${folder}.${crypto.randomUUID()}`;
  try {
    for (const [file, content] of files) {
      const path = join(unfinished, file);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, content);
    }
    await Deno.rename(unfinished, folder);
  } catch (error) {
    await Deno.remove(unfinished, { recursive: true }).catch(() => {});
    // Another installation was faster.
    if (!(await exists(folder))) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** All modules that something is started with, as paths in the project. */
export async function entryPoints(project: string): Promise<string[]> {
  return [ENTRY, LIBRARY, ...await loadedByUrl(project)];
}

async function bundle(project: string): Promise<Map<string, Uint8Array>> {
  const modules = await entryPoints(project);
  const outdir = join(project, BUILDS);
  try {
    const { outputFiles } = await esbuild.build({
      absWorkingDir: project,
      entryPoints: modules.map((module) => ({
        in: module,
        out: builtFile(module).replace(/\.js$/, ""),
      })),
      outdir,
      write: false,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "esnext",
      chunkNames: "shared.[hash]",
      external: NATIVE,
      // A strategy goes by the name of its class.
      keepNames: true,
      legalComments: "none",
      logLevel: "silent",
      plugins: [placing(project), lateBuiltins, requiredBuiltins],
    });
    return new Map(outputFiles.map(({ path, contents }) => [relative(outdir, path), contents]));
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

function nameOf(contents: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(createHash("sha256").update(content).digest());
  return hash.digest("hex").slice(0, 16);
}

async function removeOldBuilds(builds: string, newest: string): Promise<void> {
  const old: { path: string; made: number }[] = [];
  for await (const { name } of Deno.readDir(builds)) {
    const path = join(builds, name);
    if (!BUILD.test(name) || path === newest) continue;
    const stamp = await Deno.stat(join(path, BUILT_CONFIG)).catch(() => undefined);
    old.push({ path, made: stamp?.mtime?.getTime() ?? 0 });
  }
  old.sort((a, b) => b.made - a.made);
  for (const { path } of old.slice(KEPT_BUILDS)) await Deno.remove(path, { recursive: true });
}
