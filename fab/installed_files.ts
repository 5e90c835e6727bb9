import type { CheckedFab } from "./fab.ts";

/** The files as an installed app has them: a bundle's own records stay out, as in Flower. */
export function* filesToInstall(
  { files }: CheckedFab,
): Generator<[path: string, content: Uint8Array], void, void> {
  for (const [path, content] of files) if (!path.startsWith(".info/")) yield [path, content];
}
