import { FlwrError } from "../../base/error.ts";

/** SQLite's primary result codes that a user can do something about (sqlite.org/rescode.html). */
const BUSY = 5;
const CORRUPT = 11;
const IO_ERROR = 10;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** Puts an error of SQLite in a sentence that names the file; any other error is returned as it is. */
export function sqliteError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_SQLITE_ERROR") {
    return error;
  }
  const cause = error;
  switch (resultCode(error)) {
    case BUSY:
      return new FlwrError(
        "failed-precondition",
        `Database "${path}" is in use by another process`,
        {
          cause,
          hints: [
            "Each SuperLink needs a database of its own: stop the other one, or name another file",
          ],
        },
      );
    case NOT_A_DATABASE:
      return new FlwrError("failed-precondition", `File "${path}" is not a SQLite database`, {
        cause,
        hints: ["Name a file that does not exist yet, and the SuperLink makes its database there"],
      });
    case CORRUPT:
      return new FlwrError("data-loss", `Database "${path}" is damaged: ${error.message}`, {
        cause,
      });
    case FULL:
      return cannotWrite(path, "full", cause);
    case IO_ERROR:
      return cannotWrite(path, "failing", cause);
    case CANNOT_OPEN:
      return new FlwrError("failed-precondition", `Database "${path}" cannot be opened`, {
        cause,
        hints: ["Check that its folder exists and may be written to"],
      });
    default:
      return new FlwrError("internal", `Database "${path}" failed: ${error.message}`, { cause });
  }
}

/**
 * The disk takes no more for now. Nodes and apps are told as much and try again; the path is for the log alone.
 *
 * @param path the database's
 */
export function cannotWrite(path: string, state: "full" | "failing", cause: unknown): FlwrError {
  return new FlwrError("unavailable", `The SuperLink's disk is ${state}`, {
    cause,
    hints: [`Database "${path}" cannot be written: free some space, or check the disk`],
  });
}

/** Whether SQLite failed for want of room on the disk. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && resultCode(error) === FULL;
}

/** The primary result code; Deno leaves it out of errors from `exec`, which then only have the text. */
function resultCode(error: Error & { errcode?: unknown }): number | undefined {
  if (typeof error.errcode === "number") return error.errcode & 0xff;
  if (error.message.includes("database is locked")) return BUSY;
  if (error.message.includes("file is not a database")) return NOT_A_DATABASE;
  if (error.message.includes("malformed")) return CORRUPT;
  if (error.message.includes("is full")) return FULL;
  if (error.message.includes("disk I/O error")) return IO_ERROR;
  if (error.message.includes("unable to open")) return CANNOT_OPEN;
  return undefined;
}
