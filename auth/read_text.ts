import { FlwrError } from "../base/error.ts";

/** A file named by the user, and the flag that named it. Errors show both. */
export interface NamedFile {
  readonly file: string;
  /** Such as "--auth-list-public-keys"; undefined if the file was not named by a flag. */
  readonly flag?: string;
}

/** The file and its flag for error messages: `"keys/a" (--auth-supernode-private-key)`. */
export function describeFile({ file, flag }: NamedFile): string {
  return flag === undefined ? `"${file}"` : `"${file}" (${flag})`;
}

/**
 * Reads the text of a small file.
 *
 * @param what noun at the beginning of errors, such as "Private key"
 * @param maxBytes largest size; a larger file is refused without reading it
 * @param otherText how to read a file that is not UTF-8. "latin1" is for PEM files: their blocks are ASCII, but the
 *   text between them may not be
 * @throws FlwrError not-found, permission-denied, invalid-argument (a folder, not UTF-8), resource-exhausted (too
 *   large)
 */
export async function readText(
  named: NamedFile,
  what: string,
  maxBytes: number,
  otherText: "refuse" | "latin1" = "refuse",
): Promise<string> {
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
  return decodeFile(bytes, `${what} file ${shown}`, otherText);
}

function decodeFile(bytes: Uint8Array, subject: string, otherText: "refuse" | "latin1"): string {
  const mark = bytes.subarray(0, 2).toHex();
  if (mark === "fffe" || mark === "feff") {
    throw new FlwrError("invalid-argument", `${subject} is text in UTF-16`, {
      hints: ["Save it as UTF-8. In PowerShell, use Out-File -Encoding ascii instead of >"],
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (otherText === "latin1") return new TextDecoder("latin1").decode(bytes);
    throw new FlwrError("invalid-argument", `${subject} is not text in UTF-8`, { cause });
  }
}

function asFlwrError(cause: unknown, subject: string): FlwrError {
  if (cause instanceof FlwrError) return cause;
  if (cause instanceof Deno.errors.NotFound) {
    const hints = ["Create keys and certificates with: flwr keys generate"];
    return new FlwrError("not-found", `${subject} does not exist`, { cause, hints });
  }
  if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable) {
    return new FlwrError("permission-denied", `${subject} cannot be read: permission denied`, {
      cause,
    });
  }
  return new FlwrError("failed-precondition", `${subject} cannot be read`, { cause });
}
