import { createHash } from "node:crypto";
import { dirname, join } from "node:path/posix";

/**
 * Number of builds to keep in addition to the newest one. A running program continues to load modules from its build,
 * and a bin folder that was installed earlier still refers to its build.
 */
export const KEPT_BUILDS = 2;

/** Deno's settings for a build. The file's time is that of the sources. */
export const BUILT_CONFIG = "deno.json";

/** The files of a build by their paths in its folder. */
export type BuiltFiles = ReadonlyMap<string, Uint8Array>;

/** Name of a build's folder: a hash of its content. */
const BUILD = /^program-[0-9a-f]{16}$/;

/**
 * Writes a build into a folder of its own, unless it exists. Other processes see a complete folder or none, and running
 * programs keep theirs. All builds but the newest ones are removed.
 *
 * @param builds the folder of builds
 * @param of the time at which the sources were read
 * @returns the build's folder
 */
export async function placeBuild(builds: string, files: BuiltFiles, of: Date): Promise<string> {
  const folder = join(builds, `program-${nameOf(files)}`);
  if (!await isWhole(folder, files)) await write(folder, files);
  await Deno.utime(join(folder, BUILT_CONFIG), of, of);
  await removeOldBuilds(builds, folder);
  return folder;
}

function nameOf(files: BuiltFiles): string {
  const hash = createHash("sha256");
  for (const [file, content] of files) {
    hash.update(`${file}\n${content.length}\n`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

async function isWhole(folder: string, files: BuiltFiles): Promise<boolean> {
  for (const [file, { length }] of files) {
    const info = await Deno.stat(join(folder, file)).catch(() => undefined);
    if (info?.size !== length) return false;
  }
  return true;
}

async function write(folder: string, files: BuiltFiles): Promise<void> {
  const unfinished = `${folder}.${crypto.randomUUID()}`;
  try {
    for (const [file, content] of files) {
      const path = join(unfinished, file);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, content);
    }
    // A folder from which files were removed.
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await Deno.rename(unfinished, folder);
  } catch (error) {
    await Deno.remove(unfinished, { recursive: true }).catch(() => {});
    // Another installation was faster.
    if (!await isWhole(folder, files)) throw error;
  }
}

async function removeOldBuilds(builds: string, newest: string): Promise<void> {
  const old: { path: string; of: number }[] = [];
  for await (const { name } of Deno.readDir(builds)) {
    const path = join(builds, name);
    if (!BUILD.test(name) || path === newest) continue;
    const stamp = await Deno.stat(join(path, BUILT_CONFIG)).catch(() => undefined);
    old.push({ path, of: stamp?.mtime?.getTime() ?? 0 });
  }
  old.sort((a, b) => b.of - a.of);
  for (const { path } of old.slice(KEPT_BUILDS)) {
    await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}
