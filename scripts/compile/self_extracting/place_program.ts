import { dirname, join } from "node:path";

/**
 * Renames a folder to the one from which a program runs. If the target exists, its files are replaced one by one, so
 * that running programs always find each of them. Hidden files come last, because they indicate that the others are
 * complete.
 *
 * @param unfinished the unpacked folder
 * @param program its final name, on the same file system
 * @throws Deno's errors, for example when the target is a file
 */
export async function placeProgram(unfinished: string, program: string): Promise<void> {
  try {
    await Deno.rename(unfinished, program);
  } catch (error) {
    if (!await isFolder(program)) throw error;
    const files = await Array.fromAsync(filesBelow(unfinished, ""));
    for (const file of files.toSorted((a, b) => Number(isHidden(a)) - Number(isHidden(b)))) {
      const target = join(program, file);
      await Deno.mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await Deno.rename(join(unfinished, file), target);
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await Deno.lstat(path).catch(() => undefined))?.isDirectory ?? false;
}

function isHidden(file: string): boolean {
  return file.startsWith(".");
}

async function* filesBelow(root: string, folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = join(folder, name);
    if (isDirectory) yield* filesBelow(root, path);
    else yield path;
  }
}
