import { chmodSync, closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { FlwrError } from "../../base/error.ts";
import { isDiskFull, sqliteError } from "./sqlite_error.ts";
import { APPLICATION_ID, MIGRATIONS } from "./sqlite_schema.ts";

/** Models and metrics are in it: for its owner only. */
const FILE_MODE = 0o600;
/** How much of the database is kept in memory, in KiB: rows are found by hashes, which lie all over it. */
const CACHE_KIB = 64 * 1024;
/** The most, in bytes, that an older database may hold to be written anew when it is opened: 10 s or so. */
const LARGEST_REBUILD = 2 ** 30;
/** SQLite's number for `PRAGMA auto_vacuum = INCREMENTAL`. */
const INCREMENTAL = 2;
/** SQLite keeps the log at its largest size otherwise: bytes. */
const LOG_SIZE_LIMIT = 64 * 2 ** 20;

/** How a database is opened. */
export interface OpenOptions {
  /** How long to wait for a process that still has the file open, in seconds; 2 if not given. */
  readonly lockWaitSeconds?: number;
  /** How many bytes a database of an earlier version may hold to be written anew; 1 GiB if not given. */
  readonly largestRebuildBytes?: number;
}

/**
 * Opens a SuperLink's database for this process alone; makes it if the file does not exist, and brings an older
 * schema up to date.
 *
 * @param options how long to wait for a process that still has it open, and what an older one may hold to be rebuilt
 * @throws failed-precondition when the file is in use, is no database, is another program's, or is of a newer schema
 */
export function openDatabase(
  path: string,
  { lockWaitSeconds = 2, largestRebuildBytes = LARGEST_REBUILD }: OpenOptions,
): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    createFile(path);
    database = new DatabaseSync(path, {
      enableForeignKeyConstraints: true,
      timeout: lockWaitSeconds * 1000,
    });
    // Set before the first access: the lock is then taken with it and kept, and there is no shared-memory file.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    requireOwn(path, database);
    for (const file of [path, `${path}-wal`]) if (existsSync(file)) chmodSync(file, FILE_MODE);
    // A new database is born so; of one with tables this changes nothing yet.
    database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = ${LOG_SIZE_LIMIT};
       PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${CACHE_KIB}`,
    );
    migrate(path, database);
    if (!isReclaimable(database)) rebuild(database, largestRebuildBytes);
    return database;
  } catch (error) {
    database?.close();
    throw sqliteError(path, error);
  }
}

function createFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", FILE_MODE));
  } catch (error) {
    if (existsSync(path)) return;
    throw new FlwrError("failed-precondition", `Database "${path}" cannot be made`, {
      cause: error,
      hints: ["Check that its folder exists and may be written to"],
    });
  }
}

/** A database without tables is anyone's; one with tables must carry our mark. */
function requireOwn(path: string, database: DatabaseSync): void {
  const tables = pragma(database, "SELECT count(*) AS value FROM sqlite_schema");
  if (tables > 0 && pragma(database, "PRAGMA application_id") !== APPLICATION_ID) {
    throw new FlwrError(
      "failed-precondition",
      `Database "${path}" was not made by this SuperLink`,
      { hints: ["The Python SuperLink's database cannot be taken over: name another file"] },
    );
  }
}

function migrate(path: string, database: DatabaseSync): void {
  const version = pragma(database, "PRAGMA user_version");
  if (version > MIGRATIONS.length) {
    throw new FlwrError(
      "failed-precondition",
      `Database "${path}" is of schema ${version}: this SuperLink knows schemas up to ${MIGRATIONS.length}`,
      { hints: ["Use the newer flwr that wrote it, or name another file"] },
    );
  }
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(
      `BEGIN EXCLUSIVE; ${step}
       PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${index + 1}; COMMIT`,
    );
  }
}

/** Whether the space of removed records can be given back step by step, see SqliteStore.reclaim. */
function isReclaimable(database: DatabaseSync): boolean {
  return pragma(database, "PRAGMA auto_vacuum") === INCREMENTAL;
}

/**
 * Writes an older database anew, which then knows where each page is used and can be made smaller in small steps. That
 * takes a second or so for each 100 MiB, and room for it twice. One that is too large for that, or that the disk has no
 * room for, stays as it is: it uses its free pages again, and never shrinks.
 */
function rebuild(database: DatabaseSync, largestBytes: number): void {
  const pages = pragma(database, "PRAGMA page_count") - pragma(database, "PRAGMA freelist_count");
  if (pages * pragma(database, "PRAGMA page_size") > largestBytes) return;
  try {
    database.exec("VACUUM");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

/** The one number that a statement yields: a pragma's is in a column of its name. */
function pragma(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}
