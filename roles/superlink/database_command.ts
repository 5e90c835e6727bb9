import { Command } from "commander";
import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import { counted, formatBytes } from "../../base/readable.ts";
import type { PostgresSide } from "../../link/store/backup/postgres_side.ts";
import type { SqliteSide } from "../../link/store/backup/sqlite_side.ts";
import {
  addObjectStoreOptions,
  type ObjectStoreFlags,
  openObjectStore,
  readObjectStore,
} from "./object_store_flags.ts";
import { printLine } from "../output/print_line.ts";
import { migrateTables, readDatabase } from "./database.ts";
import type { PostgresFlags } from "./postgres_flags.ts";

const EXPLANATION = `
<database> is the value of "flwr superlink --database": a SQLite file, or a URL of PostgreSQL. A backup is always a
SQLite file. So backup and restore can also move a SuperLink from SQLite to PostgreSQL, or back.

A backup has the same version as its database. If you restore an older backup into a new SQLite file, it is migrated.

The commands check and backup change nothing in the database. Stop a SuperLink that uses SQLite before you use a command
on its file. A SuperLink that uses PostgreSQL can keep running during check and backup.

Example:
  flwr database backup state.db monday.db
`;

/** Examples in the help of each subcommand. */
const EXAMPLES = {
  migrate: "flwr database migrate postgres://flwr@db.example.org/flwr",
  check: "flwr database check state.db",
  backup: "flwr database backup postgres://flwr@db.example.org/flwr monday.db",
  restore: "flwr database restore monday.db postgres://flwr@db.example.org/flwr2",
} as const;

/** The `database` command. */
export function command(): Command {
  return new Command("database")
    .description("Migrate, check, back up and restore the database of a SuperLink.")
    .addHelpText("after", EXPLANATION)
    .addCommand(
      databaseCommand(
        "migrate",
        "Create a database's tables, or upgrade those of an earlier version.",
      )
        .action(async (database: string, flags: PostgresFlags) => {
          printLine(await migrate(database, flags));
        }),
    )
    .addCommand(
      addObjectStoreOptions(
        databaseCommand("check", "Check a database for damaged and inconsistent data."),
      ).action(async (database: string, flags: PostgresFlags & ObjectStoreFlags) => {
        const found = await check(database, flags, printLine);
        for (const line of found) printLine(line);
        if (found.length > 0) {
          throw new FlwrError("data-loss", "The database is damaged", {
            hints: ["Restore a backup: flwr database restore"],
          });
        }
        printLine("The database is in order");
      }),
    )
    .addCommand(
      databaseCommand("backup", "Copy a database into a new SQLite file.")
        .argument("<file>", "file to create")
        .action(async (database: string, file: string, flags: PostgresFlags) => {
          printLine(`Copied ${await backup(database, file, flags, printLine)} rows into ${file}`);
        }),
    )
    .addCommand(
      subcommand("restore")
        .description("Copy a backup into an empty or new database.")
        .argument("<file>", "the backup")
        .argument("<database>", "SQLite file, or postgres://user@host:port/database")
        .action(async (file: string, database: string, flags: PostgresFlags) => {
          const rows = await restore(file, database, flags, printLine);
          printLine(`Copied ${rows} rows into the database`);
        }),
    );
}

function databaseCommand(name: keyof typeof EXAMPLES, description: string): Command {
  return subcommand(name).description(description)
    .argument("<database>", "SQLite file, or postgres://user@host:port/database");
}

function subcommand(name: keyof typeof EXAMPLES): Command {
  return new Command(name)
    .addHelpText("after", `\nExample:\n  ${EXAMPLES[name]}\n`)
    .option(
      "--database-password-file <file>",
      "file with the password of PostgreSQL's user (default: the variable PGPASSWORD, or the file that PGPASSFILE names)",
    )
    .option(
      "--database-ca-file <file>",
      "PEM file with the certificate of the CA that signed PostgreSQL's certificate (default: the CAs of Deno)",
    );
}

/** Creates or migrates the tables. @returns a line for the user */
export async function migrate(database: string, flags: PostgresFlags): Promise<string> {
  return await migrateTables(await read(database, flags));
}

/** Says something that the user should know, beside the result. */
type Say = (line: string) => void;

/**
 * Checks a database and its object store, and changes nothing in them.
 *
 * @returns what is wrong, or nothing
 * @throws failed-precondition if it has the tables of an earlier version
 */
export async function check(
  database: string,
  flags: PostgresFlags & ObjectStoreFlags,
  say: Say = () => {},
): Promise<string[]> {
  const { contradictions, placedFaults, placedTotal } = await loadBackup();
  const objectStore = await readObjectStore(flags, (name) => Deno.env.get(name));
  await using side = await openToRead(database, flags);
  const found: string[] = [];
  if ("integrity" in side) {
    const integrity = side.integrity();
    if (integrity !== "ok") found.push(`SQLite: ${integrity}`);
    const dangling = side.danglingRows();
    if (dangling > 0) found.push(`${dangling} rows that refer to missing ones`);
  }
  found.push(...await contradictions(side));
  const { objects, bytes } = await placedTotal(side);
  if (objectStore !== undefined) {
    const store = await openObjectStore(objectStore);
    try {
      found.push(...await placedFaults(side, store));
    } finally {
      store.close();
    }
  } else if (objects > 0) {
    say(`Not checked: ${amount(objects, bytes)} in the object store. Name it with --object-store`);
  }
  return found;
}

/** Copies a database as it is into a new file, which has the same version. @returns the number of rows */
export async function backup(
  database: string,
  file: string,
  flags: PostgresFlags,
  say: Say = () => {},
): Promise<number> {
  await using from = await openToRead(database, flags);
  const to = await read(file, {});
  if (to.kind === "postgres") {
    throw new FlwrError("invalid-argument", "A backup is a SQLite file", {
      hints: ["Name a new file. To copy the backup into PostgreSQL: flwr database restore"],
    });
  }
  if (await exists(to.file)) {
    throw new FlwrError("already-exists", `File "${to.file}" exists`, {
      hints: ["Name a new file: a backup replaces nothing"],
    });
  }
  const rows = await copyIntoNew(from, to.file);
  await sayPlaced(from, "Not in the backup", "Copy the object store, too, after the database", say);
  return rows;
}

/** Says how much of a database is in its object store. */
async function sayPlaced(
  from: SqliteSide | PostgresSide,
  where: string,
  advice: string,
  say: Say,
): Promise<void> {
  const { placedTotal } = await loadBackup();
  const { objects, bytes } = await placedTotal(from);
  if (objects > 0) say(`${where}: ${amount(objects, bytes)} in the object store. ${advice}`);
}

function amount(objects: number, bytes: number): string {
  return `${counted(objects, "object")} (${formatBytes(bytes)})`;
}

/**
 * Copies a backup into an empty database. A backup of an earlier version is copied into a new file, which is then
 * migrated.
 *
 * @returns the number of rows
 * @throws failed-precondition if the database is not empty; or if the backup is of an earlier version, and the database
 *   is not a new file
 */
export async function restore(
  file: string,
  database: string,
  flags: PostgresFlags,
  say: Say = () => {},
): Promise<number> {
  await using from = await openToRead(file, {});
  const advice = "Start the SuperLink with --object-store and the copy that belongs to the backup";
  await sayPlaced(from, "Not in the backup", advice, say);
  const { copyRows, NEWEST_VERSION, PostgresSide, SqliteSide } = await loadBackup();
  const config = await read(database, flags);
  if (config.kind === "sqlite" && !await exists(config.file)) {
    const rows = await copyIntoNew(from, config.file);
    if (from.version !== NEWEST_VERSION) await migrate(database, flags);
    return rows;
  }
  if (from.version !== NEWEST_VERSION) {
    throw new FlwrError(
      "failed-precondition",
      `Backup "${file}" has schema ${from.version}, and this flwr uses schema ${NEWEST_VERSION}`,
      {
        hints: [
          `Restore it into a new SQLite file, which migrates it: flwr database restore ${file} <new file>`,
          "Then restore that file into this database",
        ],
      },
    );
  }
  await using to = closing(
    config.kind === "postgres"
      ? await PostgresSide.write(config.target)
      : SqliteSide.write(config.file, NEWEST_VERSION),
  );
  return await copyRows(from, to);
}

/** Copies all rows into a new file with the same tables. A failure leaves no file. */
async function copyIntoNew(from: SqliteSide | PostgresSide, file: string): Promise<number> {
  const { copyRows, SqliteSide } = await loadBackup();
  try {
    await using to = closing(SqliteSide.write(file, from.version));
    return await copyRows(from, to);
  } catch (error) {
    for (const part of ["", "-wal", "-journal"]) await Deno.remove(file + part).catch(() => {});
    throw error;
  }
}

async function read(database: string, flags: PostgresFlags) {
  const config = await readDatabase({ ...flags, database }, (name) => Deno.env.get(name));
  if (config.kind !== "memory") return config;
  throw new FlwrError("invalid-argument", `"${database}" is not a database that lasts`, {
    hints: ["Name a SQLite file, or postgres://user@host:port/database"],
  });
}

/** Opens a database that exists, without changing it. */
async function openToRead(
  database: string,
  flags: PostgresFlags,
): Promise<(SqliteSide | PostgresSide) & AsyncDisposable> {
  const config = await read(database, flags);
  const { PostgresSide, SqliteSide } = await loadBackup();
  if (config.kind === "postgres") return closing(await PostgresSide.read(config.target));
  if (!await exists(config.file)) {
    throw new FlwrError("not-found", `Database "${config.file}" does not exist`);
  }
  return closing(SqliteSide.read(config.file));
}

function closing<S extends SqliteSide | PostgresSide>(side: S): S & AsyncDisposable {
  return Object.assign(side, { [Symbol.asyncDispose]: () => side.close() });
}

function exists(file: string): Promise<boolean> {
  return Deno.stat(file).then(() => true, () => false);
}

async function loadBackup() {
  return await load<typeof import("../../link/store/backup/backup.ts")>(
    new URL("../../link/store/backup/backup.ts", import.meta.url),
  );
}
