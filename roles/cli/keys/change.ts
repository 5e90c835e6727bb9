import { type FileAccess, replaceFile, writeNewFile } from "../../../auth/write_file.ts";
import { exists } from "./layout.ts";

/** A planned change of a file. */
export type Change =
  | {
    /** "make": the file must not exist. "extend": `text` includes the old content. */
    readonly action: "make" | "replace" | "extend";
    readonly file: string;
    readonly text: string;
    readonly access: FileAccess;
    /** Text after the file's name in the report, such as a key's fingerprint. */
    readonly note?: string;
  }
  | { readonly action: "remove"; readonly file: string };

const DONE = { make: "made", replace: "replaced", extend: "extended", remove: "removed" } as const;

/** The action for writing a file: "replace" if it exists and `force` is set. */
export async function makeOrReplace(file: string, force: boolean): Promise<"make" | "replace"> {
  return force && await exists(file) ? "replace" : "make";
}

/**
 * Carries out a change.
 *
 * @throws FlwrError "already-exists" when another process has created a file to make
 */
export async function carryOut(change: Change): Promise<void> {
  if (change.action === "remove") return await Deno.remove(change.file);
  const write = change.action === "make" ? writeNewFile : replaceFile;
  await write(change.file, change.text, change.access);
}

/** Describes a change as a line of the report: "made      keys/client_credentials_1.pub  SHA256:…". */
export function describeChange(change: Change): string {
  const done = DONE[change.action];
  const note = change.action === "remove" ? undefined : change.note;
  return [done.padEnd(8), change.file, ...(note === undefined ? [] : [note])].join("  ");
}
