import { FlwrError } from "../../../base/error.ts";
import { id, number, text } from "../sql/rows.ts";
import type { Connection } from "./connection.ts";
import { MIGRATIONS, VERSION_TABLE } from "./schema.ts";
import { addressOf, type PostgresTarget } from "./target.ts";

/** Upper half of the lock's number ("FLWR"), because programs that share a database share these numbers, too. */
const LOCK_CLASS = 0x464c5752n;

/**
 * Creates the tables, or migrates those of an earlier version. Two SuperLinks that start together do it once.
 *
 * @returns the number of the lock that transactions take: each schema has its own
 * @throws failed-precondition if the schema is newer, does not exist, or has tables of another program
 */
export async function migrate(connection: Connection, target: PostgresTarget): Promise<bigint> {
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
    await migrateLocked(connection, target);
    await connection.script("COMMIT");
  } catch (error) {
    if (!connection.isLost) await connection.script("ROLLBACK");
    throw error;
  }
  return lock;
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

async function migrateLocked(connection: Connection, target: PostgresTarget): Promise<void> {
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
      `CREATE TABLE ${VERSION_TABLE} (version BIGINT NOT NULL);
       INSERT INTO ${VERSION_TABLE} VALUES (0)`,
    );
  }
  const version = await readVersion(connection, target);
  for (const step of MIGRATIONS.slice(version)) await connection.script(step);
  if (version < MIGRATIONS.length) {
    await connection.script(`UPDATE ${VERSION_TABLE} SET version = ${MIGRATIONS.length}`);
  }
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
  if ((await tableNames(connection)).has(VERSION_TABLE)) return readVersion(connection, target);
  throw new FlwrError("failed-precondition", `${where(target)} has no tables of a SuperLink`, {
    hints: ["Name the database of a SuperLink"],
  });
}

async function readVersion(connection: Connection, target: PostgresTarget): Promise<number> {
  const { rows: [row] } = await connection.query(`SELECT version FROM ${VERSION_TABLE}`);
  const version = row === undefined ? 0 : number(row, "version");
  if (version > MIGRATIONS.length) {
    throw new FlwrError(
      "failed-precondition",
      `${
        where(target)
      } has schema ${version}: this SuperLink supports schemas up to ${MIGRATIONS.length}`,
      { hints: ["Use the newer flwr that created it, or name another database"] },
    );
  }
  return version;
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
