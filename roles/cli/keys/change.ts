import { type FileAccess, replaceFile, writeNewFile } from "../../../auth/write_file.ts";
import { exists } from "./layout.ts";

/** One thing to do to a file. */
export type Change =
  | {
    /** "make": the file must not be there; "extend": the text holds what the file held. */
    readonly action: "make" | "replace" | "extend";
    readonly file: string;
    readonly text: string;
    readonly access: FileAccess;
    /** What the report says beside the file's name, as a key's fingerprint. */
    readonly note?: string;
  }
  | { readonly action: "remove"; readonly file: string };

const DONE = { make: "made", replace: "replaced", extend: "extended", remove: "removed" } as const;

/** How a file is to be written: replaced only where it is there and may be. */
export async function makeOrReplace(file: string, force: boolean): Promise<"make" | "replace"> {
  return force && await exists(file) ? "replace" : "make";
}

/**
 * Carries a change out.
 *
 * @throws FlwrError already-exists when a file to make is there: another process made it meanwhile
 */
export async function carryOut(change: Change): Promise<void> {
  if (change.action === "remove") return await Deno.remove(change.file);
  const write = change.action === "make" ? writeNewFile : replaceFile;
  await write(change.file, change.text, change.access);
}

/** The change as one line of a report: "made      keys/client_credentials_1.pub  SHA256:…". */
export function describeChange(change: Change): string {
  const done = DONE[change.action];
  const note = change.action === "remove" ? undefined : change.note;
  return [done.padEnd(8), change.file, ...(note === undefined ? [] : [note])].join("  ");
}
