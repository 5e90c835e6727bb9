import type { CheckedFab } from "./fab.ts";

/** The files of a FAB to install. As in Flower, its records in `.info` are not installed. */
export function* filesToInstall(
  { files }: CheckedFab,
): Generator<[path: string, content: Uint8Array], void, void> {
  for (const [path, content] of files) if (!path.startsWith(".info/")) yield [path, content];
}
