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
 * @param otherText what to do with a file that is not UTF-8: PEM blocks are ASCII, whatever stands between them
 * @throws FlwrError not-found, permission-denied, invalid-argument (a folder, not UTF-8), resource-exhausted (too large)
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
      hints: ["Save it as UTF-8: PowerShell's > writes UTF-16, Out-File -Encoding ascii does not"],
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
