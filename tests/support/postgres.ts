import { join } from "node:path";
import { HAS_ALL_RIGHTS } from "../../base/testing/all_rights.ts";
import { Connection } from "../../link/store/postgres/connection.ts";
import { MIGRATIONS } from "../../link/store/postgres/schema.ts";
import type { Row } from "../../link/store/sql/rows.ts";
import type { PostgresTarget } from "../../link/store/postgres/target.ts";
import { freePorts } from "./ports.ts";
import { repositoryPath } from "./repository.ts";

/** Folder of Debian's PostgreSQL servers, one for each version. */
const DEBIAN = "/usr/lib/postgresql";
/** Seconds within which the server must have started. */
const START_SECONDS = 90;

/** Why tests with PostgreSQL do not run here, as the line that says so. */
export const NO_POSTGRES = "No PostgreSQL server found (Debian: apt-get install postgresql): " +
  "the tests with PostgreSQL do not run";

/** The folder of the newest server's programs; undefined if none is installed. */
export function findPostgres(): string | undefined {
  const versions = [];
  try {
    for (const { name } of Deno.readDirSync(DEBIAN)) if (Number(name) >= 13) versions.push(name);
  } catch {
    return undefined;
  }
  return versions.sort((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN, version, "bin"))
    .find((folder) => exists(join(folder, "initdb")));
}

/**
 * Registers a test with PostgreSQL. Without a server it is ignored, but in CI it fails.
 *
 * @param body gets a schema without tables of other tests
 */
export function postgresTest(
  name: string,
  body: (target: PostgresTarget) => Promise<void>,
): void {
  Deno.test({ name, ignore: !hasPostgres(), fn: () => withSchema(body) });
}

/** Whether tests with PostgreSQL run. In CI they do even without a server, and fail. */
export function hasPostgres(): boolean {
  return HAS_ALL_RIGHTS && (findPostgres() !== undefined || Deno.env.get("CI") !== undefined);
}

/** Schemas of this thread that no test uses, with the tables of the store, perhaps with rows. */
const free: string[] = [];

/** Runs a test in a schema of its own. Used schemas are cleaned and used again: that is faster than new tables. */
export async function withSchema(body: (target: PostgresTarget) => Promise<void>): Promise<void> {
  const target = await postgresServer();
  const used = free.pop();
  const schema = used ?? `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOwner(target, used === undefined ? `CREATE SCHEMA ${schema}` : cleaning(schema));
  await body({ ...target, schema });
  free.push(schema);
}

/** Runs SQL statements on the tests' server. */
export async function asOwner(target: PostgresTarget, script: string): Promise<void> {
  await withConnection(target, (connection) => connection.script(script));
}

/** The rows of a query on the tests' server. @param values of `$1`, `$2` … */
export async function queryAsOwner(
  target: PostgresTarget,
  sql: string,
  values: readonly string[],
): Promise<readonly Row[]> {
  return (await withConnection(target, (connection) => connection.query(sql, values))).rows;
}

async function withConnection<T>(
  target: PostgresTarget,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await Connection.open(target, { waitsForDisk: false });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** Empties all tables, those first that refer to others. A test may have created none. */
function cleaning(schema: string): string {
  const names = [...MIGRATIONS.join().matchAll(/CREATE TABLE (\w+)/g)].map(([, name]) => name!);
  const deletes = names.reverse().map((name) =>
    `IF to_regclass('${schema}.${name}') IS NOT NULL THEN DELETE FROM ${schema}.${name}; END IF;`
  );
  return `DO $$ BEGIN ${deletes.join(" ")} END $$`;
}

/**
 * Starts a server on this machine, once for all tests of this process. It ends with the process.
 *
 * @param settings lines of postgresql.conf, for a server that was not started before
 * @throws if no server is installed, or if it does not start
 */
export async function postgresServer(settings = ""): Promise<PostgresTarget> {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error(NO_POSTGRES);
  // The name is the same in all threads of the process, and the first that makes the folder starts the server.
  const folder = postgresFolder();
  if (!exists(join(folder, "port"))) await startServerIn(binaries, folder, settings);
  return await serverIn(folder);
}

/** The server of a folder, once it accepts connections. */
export async function serverIn(folder: string): Promise<PostgresTarget> {
  const deadline = performance.now() + START_SECONDS * 1000;
  while (!exists(join(folder, "ready"))) {
    if (exists(join(folder, "failed"))) {
      throw new Error(`PostgreSQL did not start: ${Deno.readTextFileSync(join(folder, "failed"))}`);
    }
    if (performance.now() > deadline) throw new Error("PostgreSQL did not start in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    host: "127.0.0.1",
    port: Number(Deno.readTextFileSync(join(folder, "port"))),
    database: "postgres",
    user: "flwr",
  };
}

/** The folder of this process' server. Its data are in the folder `data` below. */
export function postgresFolder(): string {
  return join("/tmp", `flwr-test-postgres-${Deno.pid}`);
}

/** Begins to start a server in a new folder, which ends with this process. Does nothing if the folder exists. */
export async function startServerIn(
  binaries: string,
  folder: string,
  settings = "",
): Promise<void> {
  try {
    Deno.mkdirSync(folder, { mode: 0o755 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw error;
  }
  // The server takes seconds until it listens. No connection of another test may take its port in between.
  const [port] = freePorts(1);
  Deno.writeTextFileSync(join(folder, "port"), `${port}`);
  const script = repositoryPath("tests/support/postgres_server.sh");
  // The shell ends at once, so that no test waits for the server's end.
  await new Deno.Command("sh", {
    args: ["-c", 'setsid "$0" "$@" < /dev/null > /dev/null 2>&1 &', script, binaries, folder]
      .concat([`${port}`, `${Deno.pid}`, settings]),
  }).output();
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
