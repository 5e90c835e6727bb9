import { FlwrError } from "../../base/error.ts";

/**
 * Reads the secret that a SuperExec shares with those whose tasks it takes on: the file's bytes as they are.
 *
 * @throws FlwrError "not-found", or "invalid-argument" for an empty file
 */
export async function readSuperexecSecret(file: string): Promise<Uint8Array> {
  const flag = "--superexec-auth-secret-file";
  const bytes = await Deno.readFile(file).catch((cause) => {
    throw new FlwrError("not-found", `${flag}: cannot read file "${file}"`, { cause });
  });
  if (bytes.length > 0) return bytes;
  throw new FlwrError("invalid-argument", `${flag}: file "${file}" is empty`);
}
