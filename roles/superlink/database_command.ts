import { Command } from "commander";
import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import type { PostgresSide } from "../../link/store/backup/postgres_side.ts";
import type { SqliteSide } from "../../link/store/backup/sqlite_side.ts";
import { printLine } from "../output/print_line.ts";
import { openStore, readDatabase } from "./database.ts";
import type { PostgresFlags } from "./postgres_flags.ts";

const EXPLANATION = `
<database> is what "flwr superlink --database" takes: a SQLite file, or a URL of PostgreSQL. A backup is a SQLite file,
whatever the database is. So backup and restore also move a SuperLink from SQLite to PostgreSQL and back.

Stop a SuperLink with SQLite first. One with PostgreSQL can go on.

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
      databaseCommand("migrate", "Create the tables, or migrate those of an earlier version.")
        .action(async (database: string, flags: PostgresFlags) => {
          await migrate(database, flags);
          printLine("The database has the tables of this version");
        }),
    )
    .addCommand(
      databaseCommand("check", "Find damage and contradictions.")
        .action(async (database: string, flags: PostgresFlags) => {
          const found = await check(database, flags);
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
          printLine(`Copied ${await backup(database, file, flags)} rows into ${file}`);
        }),
    )
    .addCommand(
      subcommand("restore")
        .description("Copy a backup into an empty or new database.")
        .argument("<file>", "the backup")
        .argument("<database>", "SQLite file, or postgres://user@host:port/database")
        .action(async (file: string, database: string, flags: PostgresFlags) => {
          printLine(`Copied ${await restore(file, database, flags)} rows into the database`);
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

/** Creates or migrates the tables. */
export async function migrate(database: string, flags: PostgresFlags): Promise<void> {
  await (await openStore(await read(database, flags))).close();
}

/** Checks a database. @returns what is wrong, or nothing */
export async function check(database: string, flags: PostgresFlags): Promise<string[]> {
  const { contradictions } = await loadBackup();
  await using side = await open(database, flags, "old");
  const found: string[] = [];
  if ("integrity" in side) {
    const integrity = side.integrity();
    if (integrity !== "ok") found.push(`SQLite: ${integrity}`);
    const dangling = side.danglingRows();
    if (dangling > 0) found.push(`${dangling} rows that refer to missing ones`);
  }
  return [...found, ...await contradictions(side)];
}

/** Copies a database into a new file. @returns the number of rows */
export async function backup(
  database: string,
  file: string,
  flags: PostgresFlags,
): Promise<number> {
  await using from = await open(database, flags, "old");
  const { copyRows } = await loadBackup();
  await using to = await open(file, {}, "new");
  try {
    return await copyRows(from, to);
  } catch (error) {
    for (const part of ["", "-wal", "-journal"]) await Deno.remove(file + part).catch(() => {});
    throw error;
  }
}

/** Copies a backup into an empty database. @returns the number of rows */
export async function restore(
  file: string,
  database: string,
  flags: PostgresFlags,
): Promise<number> {
  await using from = await open(file, {}, "old");
  const { copyRows } = await loadBackup();
  await using to = await open(database, flags, "any");
  return await copyRows(from, to);
}

async function read(database: string, flags: PostgresFlags) {
  const config = await readDatabase({ ...flags, database }, (name) => Deno.env.get(name));
  if (config.kind !== "memory") return config;
  throw new FlwrError("invalid-argument", `"${database}" is not a database that lasts`, {
    hints: ["Name a SQLite file, or postgres://user@host:port/database"],
  });
}

/** @param age whether a SQLite file must exist, or must not */
async function open(
  database: string,
  flags: PostgresFlags,
  age: "old" | "new" | "any",
): Promise<(SqliteSide | PostgresSide) & AsyncDisposable> {
  const config = await read(database, flags);
  const { PostgresSide, SqliteSide } = await loadBackup();
  let side: SqliteSide | PostgresSide;
  if (config.kind === "postgres") side = await PostgresSide.open(config.target);
  else {
    const exists = await Deno.stat(config.file).then(() => true, () => false);
    if (age === "old" && !exists) {
      throw new FlwrError("not-found", `Database "${config.file}" does not exist`);
    }
    if (age === "new" && exists) {
      throw new FlwrError("already-exists", `File "${config.file}" exists`, {
        hints: ["Name a new file: a backup replaces nothing"],
      });
    }
    side = new SqliteSide(config.file);
  }
  return Object.assign(side, { [Symbol.asyncDispose]: () => side.close() });
}

async function loadBackup() {
  return await load<typeof import("../../link/store/backup/backup.ts")>(
    new URL("../../link/store/backup/backup.ts", import.meta.url),
  );
}
