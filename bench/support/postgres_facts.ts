import { queryAsOwner } from "../../tests/support/postgres.ts";
import type { PostgresTarget } from "../../link/store/postgres/target.ts";
import { postgresFolder } from "../../tests/support/postgres.ts";
import { processTree } from "./process_tree.ts";
import { parseCpuSeconds } from "./process_facts.ts";

/** Settings of a server that is measured: as durable as by default, and it counts statements. */
export const MEASURED_SETTINGS: string = [
  "fsync = on",
  "full_page_writes = on",
  "shared_buffers = 256MB",
  "shared_preload_libraries = 'pg_stat_statements'",
  "pg_stat_statements.track = all",
].join("\n");

/** What a PostgreSQL server has done since its start. */
export interface PostgresFacts {
  /** Statements that it was sent, including those that begin and end transactions. */
  readonly statements: number;
  readonly commits: number;
  /** Processor time of all its processes, in seconds. */
  readonly cpuSeconds: number;
  /** Bytes that it has written to its log. */
  readonly logBytes: number;
  /** Bytes of the database on the disk. */
  readonly databaseBytes: number;
}

/** Lets a server with {@link MEASURED_SETTINGS} count. @param target one of its databases */
export async function countStatements(target: PostgresTarget): Promise<void> {
  await queryAsOwner(target, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements", []);
}

/** Reads what the server of this process, and a database of it, have done. */
export async function readPostgres(target: PostgresTarget): Promise<PostgresFacts> {
  const [row] = await queryAsOwner(
    target,
    `SELECT (SELECT sum(calls)::float8 FROM pg_stat_statements) AS statements,
       (SELECT xact_commit::float8 FROM pg_stat_database WHERE datname = current_database()) AS commits,
       (SELECT wal_bytes::float8 FROM pg_stat_wal) AS log_bytes,
       pg_database_size(current_database())::float8 AS database_bytes`,
    [],
  );
  const [pid = ""] = (await Deno.readTextFile(`${postgresFolder()}/data/postmaster.pid`))
    .split("\n");
  let cpuSeconds = 0;
  for (const process of await processTree(Number(pid))) {
    const stat = await Deno.readTextFile(`/proc/${process}/stat`).catch(() => undefined);
    if (stat !== undefined) cpuSeconds += parseCpuSeconds(stat);
  }
  return {
    statements: Number(row!.statements),
    commits: Number(row!.commits),
    cpuSeconds,
    logBytes: Number(row!.log_bytes),
    databaseBytes: Number(row!.database_bytes),
  };
}
