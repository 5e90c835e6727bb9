import { FlwrError } from "../../../base/error.ts";

/** SQLite's primary result codes for errors that a user can fix (sqlite.org/rescode.html). */
const BUSY = 5;
const CORRUPT = 11;
const IO_ERROR = 10;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** Converts an error of SQLite to a FlwrError that names the file. Returns any other error unchanged. */
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
            "Stop the SuperLink that uses it, or name another file: each SuperLink needs its own",
          ],
        },
      );
    case NOT_A_DATABASE:
      return new FlwrError("failed-precondition", `File "${path}" is not a SQLite database`, {
        cause,
        hints: ["Name a file that does not exist: the SuperLink creates its database there"],
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
 * Error for a disk that cannot be written. Nodes and apps see it and try again. The path is only in the hint, which is
 * not sent to them.
 *
 * @param path path of the database
 */
export function cannotWrite(path: string, state: "full" | "failing", cause: unknown): FlwrError {
  return new FlwrError("unavailable", `The SuperLink's disk is ${state}`, {
    cause,
    hints: [`Database "${path}" cannot be written: free some space, or check the disk`],
  });
}

/** Whether SQLite failed because the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && resultCode(error) === FULL;
}

/** SQLite's primary result code. In errors from `exec`, Deno leaves it out, so it is derived from the text. */
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
