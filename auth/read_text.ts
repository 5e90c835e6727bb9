import { FlwrError } from "../base/error.ts";

/** A file that the user named, and by which flag: errors say both. */
export interface NamedFile {
  readonly file: string;
  /** As "--auth-list-public-keys"; left out when the file was not named by a flag. */
  readonly flag?: string;
}

/** The file and its flag as errors show them: `"keys/a" (--auth-supernode-private-key)`. */
export function describeFile({ file, flag }: NamedFile): string {
  return flag === undefined ? `"${file}"` : `"${file}" (${flag})`;
}

/**
 * The text of a small file.
 *
 * @param what the noun an error starts with, as "Private key"
 * @param maxBytes a larger file is refused unread
 * @throws FlwrError not-found, permission-denied, invalid-argument (a folder, not UTF-8), resource-exhausted (too large)
 */
export async function readText(named: NamedFile, what: string, maxBytes: number): Promise<string> {
  const shown = describeFile(named);
  let bytes: Uint8Array;
  try {
    const { size, isDirectory } = await Deno.stat(named.file);
    if (isDirectory) {
      throw new FlwrError("invalid-argument", `${what} file ${shown} is a folder`);
    }
    if (size > maxBytes) {
      throw new FlwrError(
        "resource-exhausted",
        `${what} file ${shown} is too large: it has ${size} bytes, the limit is ${maxBytes}`,
      );
    }
    bytes = await Deno.readFile(named.file);
  } catch (error) {
    throw asFlwrError(error, `${what} file ${shown}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FlwrError("invalid-argument", `${what} file ${shown} is not text in UTF-8`, {
      cause,
    });
  }
}

function asFlwrError(cause: unknown, subject: string): FlwrError {
  if (cause instanceof FlwrError) return cause;
  if (cause instanceof Deno.errors.NotFound) {
    const hints = ["Make keys and certificates with: flwr keys generate"];
    return new FlwrError("not-found", `${subject} does not exist`, { cause, hints });
  }
  if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable) {
    return new FlwrError("permission-denied", `${subject} cannot be read: permission denied`, {
      cause,
    });
  }
  return new FlwrError("failed-precondition", `${subject} cannot be read`, { cause });
}
