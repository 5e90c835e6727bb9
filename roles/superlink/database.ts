import { dirname, join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import { log } from "../../base/log.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import type { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import type { PostgresTarget } from "../../link/store/postgres/target.ts";
import type { LinkStore } from "../../link/store/store.ts";
import type { PostgresFlags } from "./postgres_flags.ts";

/** Values of `--database` for state in memory: ours, and those of Flower 1.9 and today's. */
const MEMORY_NAMES = new Set([":memory:", ":flwr-in-memory-state:", ":flwr-in-memory:", ""]);

/** A URL of PostgreSQL, also with the driver that SQLAlchemy's URLs name. */
const POSTGRES_URL = /^postgres(ql)?(\+\w+)?:\/\//;

/** Where the SuperLink's state is stored. */
export type DatabaseConfig =
  | { readonly kind: "memory" }
  | {
    readonly kind: "sqlite";
    readonly file: string;
    /** Whether no flag named the file. */
    readonly isDefault?: boolean;
  }
  | { readonly kind: "postgres"; readonly target: PostgresTarget };

type SqliteConfig = Extract<DatabaseConfig, { kind: "sqlite" }>;

/** Flags of the database. */
export interface DatabaseFlags extends PostgresFlags {
  database?: string;
}

/** Name of the SQLite file in Flower's folder that stores the state without `--database`. */
const DEFAULT_FILE = "superlink.db";

/**
 * Reads the value of `--database`: a file's path, a URL of PostgreSQL, or a URL of SQLAlchemy, which Flower uses
 * (`sqlite:///relative.db`, `sqlite:////absolute.db`).
 *
 * @throws FlwrError naming the flag; "unimplemented" for a URL of another database
 */
export async function readDatabase(
  flags: DatabaseFlags,
  variable: (name: string) => string | undefined,
): Promise<DatabaseConfig> {
  const { database: text } = flags;
  if (text !== undefined && POSTGRES_URL.test(text)) {
    const { readPostgres } = await load<typeof import("./postgres_flags.ts")>(
      new URL("./postgres_flags.ts", import.meta.url),
    );
    return { kind: "postgres", target: await readPostgres(text, flags, variable) };
  }
  const { databasePasswordFile, databaseCaFile } = flags;
  for (
    const [flag, value] of [
      ["--database-password-file", databasePasswordFile],
      ["--database-ca-file", databaseCaFile],
    ]
  ) {
    if (value === undefined) continue;
    throw new FlwrError("invalid-argument", `${flag} needs --database postgres://…`, {
      hints: ["Leave it out: other databases have neither passwords nor certificates"],
    });
  }
  if (text === undefined) {
    const { flwrHome } = await load<typeof import("../../fab/home.ts")>(
      new URL("../../fab/home.ts", import.meta.url),
    );
    return { kind: "sqlite", file: join(flwrHome(), DEFAULT_FILE), isDefault: true };
  }
  const file = readFile(text);
  return file === undefined ? { kind: "memory" } : { kind: "sqlite", file };
}

function readFile(text: string): string | undefined {
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme === undefined) return MEMORY_NAMES.has(text) ? undefined : text;
  if (!/^sqlite(\+.*)?$/i.test(scheme)) {
    throw new FlwrError("unimplemented", `--database "${scheme}://…" is not supported`, {
      hints: [
        "Use the path of a SQLite file, sqlite:///path, or postgres://USER@HOST:PORT/DATABASE",
      ],
    });
  }
  const file = rest.replace(/^\//, "").replace(/\?.*$/, "");
  return MEMORY_NAMES.has(file) ? undefined : file;
}

/**
 * Opens the store of the SuperLink's state. The code of each database is loaded only if it is used.
 *
 * @throws FlwrError naming `--database`
 */
export function openStore(config: DatabaseConfig): Promise<LinkStore> {
  return named<LinkStore>(config, async () => {
    switch (config.kind) {
      case "memory":
        return new MemoryStore();
      case "sqlite":
        return await openSqlite(config);
      case "postgres":
        return await openPostgres(config.target);
    }
  });
}

/** Opens a store. What it throws names the flag. */
async function named<S extends LinkStore>(
  config: DatabaseConfig,
  open: () => Promise<S>,
): Promise<S> {
  try {
    return await open();
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    const more = config.kind === "sqlite" && config.isDefault
      ? ["Name another database with --database FILE, or keep nothing: --database :memory:"]
      : [];
    throw new FlwrError(code, `--database: ${message}`, {
      hints: [...hints, ...more],
      cause: error,
    });
  }
}

async function openSqlite({ file, isDefault }: SqliteConfig): Promise<LinkStore> {
  if (isDefault) {
    await Deno.mkdir(dirname(file), { recursive: true }).catch((cause) => {
      throw new FlwrError("failed-precondition", `Folder "${dirname(file)}" cannot be created`, {
        cause,
      });
    });
  }
  const { SqliteStore } = await load<typeof import("../../link/store/sqlite/sqlite_store.ts")>(
    new URL("../../link/store/sqlite/sqlite_store.ts", import.meta.url),
  );
  const store = new SqliteStore(file);
  if (!store.reclaimable) {
    log("superlink").warn(
      "Database {file} is from an earlier version and too large to rebuild at start. It reuses free space, " +
        "but the file does not shrink",
      { file },
    );
  }
  return store;
}

/**
 * Creates or migrates the tables.
 *
 * @returns what was done, and which SuperLinks can use a shared database now, as a line for the user
 */
export async function migrateTables(config: DatabaseConfig): Promise<string> {
  if (config.kind !== "postgres") {
    await (await openStore(config)).close();
    return "The database has the tables of this version";
  }
  const store = await named(config, () => openPostgres(config.target));
  await store.close();
  const { from, to, oldest } = store.migrated;
  if (from === to) return `The database has schema ${to}. Nothing was changed`;
  if (from === 0) return `The database has the tables of this version: schema ${to}`;
  return oldest > from
    ? `Migrated from schema ${from} to ${to}. SuperLinks of earlier versions cannot use the database any more`
    : `Migrated from schema ${from} to ${to}. SuperLinks of schema ${oldest} and later can go on`;
}

async function openPostgres(target: PostgresTarget): Promise<PostgresStore> {
  const { PostgresStore } = await load<
    typeof import("../../link/store/postgres/postgres_store.ts")
  >(new URL("../../link/store/postgres/postgres_store.ts", import.meta.url));
  return await PostgresStore.open(target);
}
