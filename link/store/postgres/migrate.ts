import { FlwrError } from "../../../base/error.ts";
import { id, number, text } from "../sql/rows.ts";
import type { Connection } from "./connection.ts";
import { MIGRATIONS, SCHEMA, type Schema, VERSION_TABLE } from "./schema.ts";
import { addressOf, type PostgresTarget } from "./target.ts";

/** Upper half of the lock's number ("FLWR"), because programs that share a database share these numbers, too. */
const LOCK_CLASS = 0x464c5752n;

/** What {@link migrate} did. */
export interface Migrated {
  /** Number of the lock that transactions take: each schema has its own. */
  readonly lock: bigint;
  /** Version of the schema before, 0 if there were no tables, and now. */
  readonly from: number;
  readonly to: number;
  /** The earliest version whose SuperLinks can use the tables now. */
  readonly oldest: number;
}

/**
 * Creates the tables, or migrates those of an earlier version. Two SuperLinks that start together do it once. Tables of
 * a newer version that still suit this one stay as they are.
 *
 * @throws failed-precondition if the schema is too new, does not exist, or has tables of another program, or if SuperLinks
 *   of an earlier version are alive that could not use the tables any more
 */
export async function migrate(
  connection: Connection,
  target: PostgresTarget,
  known: Schema = SCHEMA,
): Promise<Migrated> {
  const { rows: [schema] } = await connection.query(
    "SELECT current_schema() AS name, current_schema()::regnamespace::oid::int8 AS oid",
  );
  if (schema === undefined || schema.name === null) {
    throw new FlwrError("failed-precondition", `${where(target)} has no schema for the tables`, {
      hints: ["Create one, for example: CREATE SCHEMA public"],
    });
  }
  const lock = BigInt.asIntN(64, LOCK_CLASS << 32n | id(schema, "oid"));
  await connection.script(beginLocked(lock));
  try {
    await connection.script("SET LOCAL synchronous_commit = on");
    const migrated = await migrateLocked(connection, target, known);
    await connection.script("COMMIT");
    // Those that stood still for so long that they seemed dead must look at the version before they go on.
    if (migrated.from > 0 && migrated.oldest > migrated.from) await endSessions(connection);
    return { lock, ...migrated };
  } catch (error) {
    if (!connection.isLost) await connection.script("ROLLBACK");
    throw error;
  }
}

/** Ends the other sessions of SuperLinks. They connect again if they are alive. */
async function endSessions(connection: Connection): Promise<void> {
  await connection.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND usename = current_user
         AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()`,
  );
}

/**
 * Statements that begin a transaction and wait for the lock. The statements after it must see what was committed while
 * it waited, whatever level the server's settings name.
 *
 * @param lock the lock's number, from {@link migrate}
 */
export function beginLocked(lock: bigint): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${lock})`;
}

async function migrateLocked(
  connection: Connection,
  target: PostgresTarget,
  known: Schema,
): Promise<Omit<Migrated, "lock">> {
  const names = await tableNames(connection);
  if (!names.has(VERSION_TABLE)) {
    const foreign = ownNames().find((name) => names.has(name));
    if (foreign !== undefined) {
      throw new FlwrError(
        "failed-precondition",
        `${where(target)} has a table "${foreign}" that this SuperLink did not create`,
        { hints: ["Name another database. The Python SuperLink's database cannot be used"] },
      );
    }
    await connection.script(
      `CREATE TABLE ${VERSION_TABLE} (version BIGINT NOT NULL, oldest BIGINT);
       INSERT INTO ${VERSION_TABLE} VALUES (0, 0)`,
    );
  }
  const { version, oldest } = await readVersion(connection);
  const newest = known.migrations.length;
  if (version >= newest) {
    requireKnown(target, version, oldest, newest);
    return { from: version, to: version, oldest };
  }
  const floor = known.oldest[newest - 1]!;
  if (version > 0 && floor > version) await requireAlone(connection, target, version, newest);
  for (const step of known.migrations.slice(version)) await connection.script(step);
  await connection.script(
    `ALTER TABLE ${VERSION_TABLE} ADD COLUMN IF NOT EXISTS oldest BIGINT;
     UPDATE ${VERSION_TABLE} SET version = ${newest}, oldest = ${floor}`,
  );
  return { from: version, to: newest, oldest: floor };
}

/** @throws failed-precondition if SuperLinks are alive that could not use the migrated tables */
async function requireAlone(
  connection: Connection,
  target: PostgresTarget,
  version: number,
  newest: number,
): Promise<void> {
  const { rows: [row] } = await connection.query(
    "SELECT count(*) AS count FROM server WHERE lease_until > extract(epoch FROM now())",
  );
  const alive = number(row!, "count");
  if (alive === 0) return;
  throw new FlwrError(
    "failed-precondition",
    `${alive} SuperLink${alive === 1 ? " uses" : "s use"} schema ${version} of ${where(target)}, ` +
      `and could not use schema ${newest} of this version`,
    {
      hints: [
        "Stop all SuperLinks of earlier versions, then start this one",
        "One that was killed counts as running for 15 s",
      ],
    },
  );
}

/**
 * The version of the schema, of which nothing is changed.
 *
 * @throws failed-precondition if the database has no tables of a SuperLink, or those of a newer version
 */
export async function schemaVersion(
  connection: Connection,
  target: PostgresTarget,
): Promise<number> {
  if ((await tableNames(connection)).has(VERSION_TABLE)) {
    const { version } = await readVersion(connection);
    // A newer version may have columns that this program does not know.
    requireKnown(target, version, version, MIGRATIONS.length);
    return version;
  }
  throw new FlwrError("failed-precondition", `${where(target)} has no tables of a SuperLink`, {
    hints: ["Name the database of a SuperLink"],
  });
}

/**
 * Checks that a SuperLink that has connected again can still use the tables, because a newer one may have migrated them
 * meanwhile.
 *
 * @throws unavailable, so that nodes and apps go to the newer SuperLinks
 */
export async function requireStillKnown(
  connection: Connection,
  target: PostgresTarget,
  { migrations }: Schema = SCHEMA,
): Promise<void> {
  const { version, oldest } = await readVersion(connection);
  if (oldest <= migrations.length) return;
  throw new FlwrError(
    "unavailable",
    `A newer SuperLink has migrated ${
      where(target)
    } to schema ${version}, which this one cannot use`,
    { hints: ["Stop this SuperLink, and start the newer version"] },
  );
}

/** @param oldest the earliest version that can use the tables. @throws failed-precondition if it is newer */
function requireKnown(
  target: PostgresTarget,
  version: number,
  oldest: number,
  newest: number,
): void {
  if (oldest <= newest) return;
  throw new FlwrError(
    "failed-precondition",
    `${where(target)} has schema ${version}: this SuperLink supports schemas up to ${newest}`,
    { hints: ["Use the newer flwr that created it, or name another database"] },
  );
}

/** The version of the schema, and the earliest one whose SuperLinks can use the tables. */
async function readVersion(
  connection: Connection,
): Promise<{ readonly version: number; readonly oldest: number }> {
  // The earliest databases have no such column.
  const { rows: [row] } = await connection.query(
    `SELECT version, coalesce((to_jsonb(it) ->> 'oldest')::int8, version) AS oldest
       FROM ${VERSION_TABLE} it`,
  );
  if (row === undefined) return { version: 0, oldest: 0 };
  return { version: number(row, "version"), oldest: number(row, "oldest") };
}

async function tableNames(connection: Connection): Promise<Set<string>> {
  const { rows } = await connection.query(
    "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()",
  );
  return new Set(rows.map((row) => text(row, "name")));
}

/** The tables of the current schema. */
function ownNames(): string[] {
  return [...MIGRATIONS.join().matchAll(/CREATE TABLE (\w+)/g)].map(([, name]) => name!);
}

function where(target: PostgresTarget): string {
  return `PostgreSQL database "${addressOf(target)}"`;
}
