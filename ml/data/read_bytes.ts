import { isAbsolute } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { READ_GRANT_HINT } from "../../base/read_grant.ts";

/**
 * Reads a whole file.
 *
 * @throws FlwrError "not-found", "permission-denied" or "failed-precondition" that names the file
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
}

const RELATIVE_PATH_HINT =
  "A relative path begins in the app's own folder where a run sent the app, otherwise in the " +
  "folder that the program was started in: give the absolute path";

/** Converts file system errors to FlwrErrors that name the file; returns others unchanged. */
export function fileError(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotFound) {
    return new FlwrError("not-found", `File "${path}" does not exist`, {
      hints: isAbsolute(path) ? [] : [RELATIVE_PATH_HINT],
      cause: error,
    });
  }
  // Deno has no permission for it, or the operating system gives none.
  const isSandboxed = error instanceof Deno.errors.NotCapable;
  if (isSandboxed || error instanceof Deno.errors.PermissionDenied) {
    return new FlwrError("permission-denied", `No permission to read file "${path}"`, {
      hints: isSandboxed ? [READ_GRANT_HINT] : ["Check who owns the file, and who may read it"],
      cause: error,
    });
  }
  // The operating system's errors have a code, such as EISDIR.
  if (error instanceof FlwrError || !(error instanceof Error) || !("code" in error)) return error;
  return new FlwrError("failed-precondition", `File "${path}" cannot be read: ${error.message}`, {
    cause: error,
  });
}

/** Runs a parser on a file's content; its errors then name the file. */
export async function parseFile<T>(path: string, parse: () => T | Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    throw error instanceof FlwrError ? inFile(path, error) : error;
  }
}

/** An error about a file's content, with the file's name added. */
export function inFile(path: string, error: FlwrError): FlwrError {
  return new FlwrError(error.code, `File "${path}": ${error.message}`, {
    hints: error.hints,
    cause: error,
  });
}
