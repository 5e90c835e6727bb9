import { chmodSync, closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { FlwrError } from "../../../base/error.ts";
import { isDiskFull, sqliteError } from "./error.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";

/** Readable only by the owner, because the database contains models and metrics. */
const FILE_MODE = 0o600;
/** Page cache in KiB. It is large because rows are found by hashes, which are spread over the whole file. */
const CACHE_KIB = 64 * 1024;
/** Largest database of an earlier version, in bytes, that is rebuilt when opened. That takes about 10 s. */
const LARGEST_REBUILD = 2 ** 30;
/** SQLite's number for `PRAGMA auto_vacuum = INCREMENTAL`. */
const INCREMENTAL = 2;
/** Size in bytes to which SQLite truncates the log file after a checkpoint. By default it never shrinks. */
const LOG_SIZE_LIMIT = 64 * 2 ** 20;

/** Options of {@link openDatabase}. */
export interface OpenOptions {
  /** Seconds to wait for a process that still has the file open; default 2. */
  readonly lockWaitSeconds?: number;
  /** Largest database of an earlier version to rebuild, in bytes; default 1 GiB. */
  readonly largestRebuildBytes?: number;
  /** Schema to migrate to, for backups of an earlier version; default: the newest. */
  readonly version?: number;
}

/**
 * Opens a SuperLink's database for exclusive use by this process. Creates the file if it does not exist, and migrates
 * an older schema.
 *
 * @throws failed-precondition if the file is in use, is not a database, belongs to another program, or has a newer
 *   schema
 */
export function openDatabase(
  path: string,
  {
    lockWaitSeconds = 2,
    largestRebuildBytes = LARGEST_REBUILD,
    version = MIGRATIONS.length,
  }: OpenOptions,
): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    createFile(path);
    database = new DatabaseSync(path, {
      enableForeignKeyConstraints: true,
      timeout: lockWaitSeconds * 1000,
    });
    // Set before the first access, which then takes and keeps the lock. There is no shared-memory file in this mode.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    requireOwn(path, database);
    for (const file of [path, `${path}-wal`]) if (existsSync(file)) chmodSync(file, FILE_MODE);
    // Applies to a new database. A database with tables only changes with a rebuild.
    database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = ${LOG_SIZE_LIMIT};
       PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${CACHE_KIB}`,
    );
    migrate(path, database, version);
    if (!isReclaimable(database)) rebuild(database, largestRebuildBytes);
    return database;
  } catch (error) {
    database?.close();
    throw sqliteError(path, error);
  }
}

/**
 * Opens a SuperLink's database to read it, without migrating or otherwise changing it. No other process may use it at the
 * same time.
 *
 * @returns the database and the version of its schema
 * @throws failed-precondition as {@link openDatabase} does, and if the file has no tables
 */
export function openUnchanged(path: string): { database: DatabaseSync; version: number } {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 2_000 });
    // Without this, a database in use by a SuperLink would need a file of shared memory.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON");
    requireOwn(path, database);
    const version = versionOf(path, database);
    if (version === 0) {
      throw new FlwrError("failed-precondition", `Database "${path}" is empty`, {
        hints: ["Name the database of a SuperLink, or a backup"],
      });
    }
    return { database, version };
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
    throw new FlwrError("failed-precondition", `Database "${path}" cannot be created`, {
      cause: error,
      hints: ["Check that its folder exists and may be written to"],
    });
  }
}

/** Checks that the database has no tables or was created by a SuperLink of this program. */
function requireOwn(path: string, database: DatabaseSync): void {
  const tables = pragma(database, "SELECT count(*) AS value FROM sqlite_schema");
  if (tables > 0 && pragma(database, "PRAGMA application_id") !== APPLICATION_ID) {
    throw new FlwrError(
      "failed-precondition",
      `Database "${path}" was not created by this SuperLink`,
      { hints: ["Name another file. The Python SuperLink's database cannot be used"] },
    );
  }
}

/** The version of the schema; 0: no tables. @throws failed-precondition if it is newer than this program */
function versionOf(path: string, database: DatabaseSync): number {
  const version = pragma(database, "PRAGMA user_version");
  if (version > MIGRATIONS.length) {
    throw new FlwrError(
      "failed-precondition",
      `Database "${path}" has schema ${version}: this SuperLink supports schemas up to ${MIGRATIONS.length}`,
      { hints: ["Use the newer flwr that created it, or name another file"] },
    );
  }
  return version;
}

function migrate(path: string, database: DatabaseSync, newest: number): void {
  const version = versionOf(path, database);
  for (const [index, step] of MIGRATIONS.slice(0, newest).entries()) {
    if (index < version) continue;
    database.exec(
      `BEGIN EXCLUSIVE; ${step}
       PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${index + 1}; COMMIT`,
    );
  }
}

/** Whether the database can shrink in small steps; see SqliteStore.reclaim. */
function isReclaimable(database: DatabaseSync): boolean {
  return pragma(database, "PRAGMA auto_vacuum") === INCREMENTAL;
}

/**
 * Rebuilds a database of an earlier version, which can then shrink in small steps. That takes about 1 s for each 100
 * MiB and the space of a second copy. A database that is too large, or for which the disk has no room, is left
 * unchanged: it reuses its free pages and never shrinks.
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

/** Runs a statement that returns one number. A pragma returns it in a column with the pragma's name. */
function pragma(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}
