import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** How many test files run in one thread: a thread costs 0.15 s of processor time, and most files take less. */
const FILES_PER_GROUP = 24;
/** Folders that hold no tests of ours. */
const FOREIGN: readonly string[] = ["node_modules", ".cache", ".git", "dist"];
/** The module of a group, as `deno test` names it in front of its tests, with colours or without. */
// deno-lint-ignore no-control-regex -- colour codes start with the escape character
const GROUP_PREFIX = /^(?:\x1b\[[\d;]*m)*\S*\bgroup-\d+_test\.ts =>(?:\x1b\[[\d;]*m| )*/;

/**
 * Finds the test files under a folder, as paths relative to it with forward slashes, in the order of their names.
 *
 * @param without paths of folders to leave out, such as `ml/lower/blocked`
 */
export async function testFiles(root: string, without: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (isDirectory) {
        if (!FOREIGN.includes(name) && !without.includes(path)) await visit(path);
      } else if (name.endsWith("_test.ts")) files.push(path);
    }
  };
  await visit("");
  return files.sort();
}

/**
 * Divides test files into groups that run in one thread each, neighbours together: they import the same modules.
 *
 * @returns as many groups as needed, of nearly the same number of files
 */
export function divide(files: readonly string[]): string[][] {
  const count = Math.ceil(files.length / FILES_PER_GROUP);
  const first = (group: number) => Math.round(group * files.length / count);
  return Array.from({ length: count }, (_, i) => files.slice(first(i), first(i + 1)));
}

/**
 * The source of a module that registers the tests of some files, with the file before each test's name.
 *
 * @param files paths relative to `root`
 */
export function groupModule(root: string, files: readonly string[]): string {
  const naming = pathToFileURL(join(import.meta.dirname!, "name_tests.ts")).href;
  return [
    `import { nameTestsAfter } from ${JSON.stringify(naming)};`,
    ...files.flatMap((file) => [
      `nameTestsAfter(${JSON.stringify(file)});`,
      // One after the other: an import statement would run all before the first call.
      `await import(${JSON.stringify(pathToFileURL(join(root, file)).href)});`,
    ]),
  ].join("\n") + "\n";
}

/**
 * Writes a module for each group into a folder.
 *
 * @returns the paths of the modules, to be given to `deno test`
 */
export async function writeGroups(
  folder: string,
  root: string,
  files: readonly string[],
): Promise<string[]> {
  return await Promise.all(
    divide(files).map(async (group, index) => {
      const path = join(folder, `group-${String(index + 1).padStart(2, "0")}_test.ts`);
      await Deno.writeTextFile(path, groupModule(root, group));
      return path;
    }),
  );
}

/** Removes the group's module from a line of `deno test`: the test's own file follows. */
export function withoutGroup(line: string): string {
  return line.replace(GROUP_PREFIX, "./");
}
