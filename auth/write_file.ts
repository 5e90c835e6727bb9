import { FlwrError } from "../base/error.ts";

/** Who may read a written file: its owner, or everyone. */
export type FileAccess = "private" | "public";

const MODES: Readonly<Record<FileAccess, number>> = { private: 0o600, public: 0o644 };

/**
 * Writes a file that must not exist.
 *
 * The file is created exclusively and with its final mode, so that no other user can read a private key at any moment.
 *
 * @throws FlwrError already-exists, without changing the file; failed-precondition if the folder is missing or
 *   read-only
 */
export async function writeNewFile(file: string, text: string, access: FileAccess): Promise<void> {
  try {
    await Deno.writeTextFile(file, text, { createNew: true, mode: MODES[access] });
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) {
      throw new FlwrError("already-exists", `File "${file}" already exists`, { cause });
    }
    throw new FlwrError("failed-precondition", `File "${file}" cannot be written`, { cause });
  }
}

/**
 * Writes or replaces a file atomically: readers see either the complete old or the complete new text.
 *
 * @throws FlwrError failed-precondition if the folder is missing or read-only
 */
export async function replaceFile(file: string, text: string, access: FileAccess): Promise<void> {
  const draft = `${file}.${crypto.randomUUID()}.new`;
  await writeNewFile(draft, text, access);
  try {
    await Deno.rename(draft, file);
  } catch (cause) {
    await Deno.remove(draft);
    throw new FlwrError("failed-precondition", `File "${file}" cannot be replaced`, { cause });
  }
}
