import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { parseToml } from "../../../fab/toml/parse.ts";
import { describeToml, isTable, tableAt, type TomlTable } from "../../../fab/toml/value.ts";
import { type ReadConnection, readConnectionTable } from "./connection.ts";
import { DEFAULT_CONFIG } from "./default_config.ts";

/** Bytes of config.toml that are read at most: a file of connections has a few hundred. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/** The SuperLinks that config.toml names. */
export interface FlowerConfig {
  /** Path of the file. */
  readonly file: string;
  /** The connection of commands that name none. */
  readonly defaultName: string | undefined;
  /** Names in the order of the file. */
  readonly names: readonly string[];
  /** Reads one connection. @throws FlwrError "not-found"; "invalid-argument" naming file, table and key */
  connection(name: string): ReadConnection;
}

/** Path of config.toml in Flower's folder. */
function configFile(home: string): string {
  return join(home, "config.toml");
}

/**
 * Reads config.toml; makes it, with Flower's own connections, when there is none.
 *
 * @param home Flower's folder
 * @param onCreated told that the file was made
 * @throws FlwrError naming the file and what is wrong with it
 */
export async function readFlowerConfig(
  home: string,
  onCreated: (file: string) => void,
): Promise<FlowerConfig> {
  const file = configFile(home);
  let bytes = await readIfThere(file);
  if (bytes === undefined) {
    await create(home, file);
    onCreated(file);
    bytes = new TextEncoder().encode(DEFAULT_CONFIG);
  }
  return parseFlowerConfig(bytes, file);
}

/** Reads config.toml if it is there. @throws FlwrError as {@link readFlowerConfig} */
export async function readExistingConfig(home: string): Promise<FlowerConfig | undefined> {
  const file = configFile(home);
  const bytes = await readIfThere(file);
  return bytes && parseFlowerConfig(bytes, file);
}

/** What a config.toml says. @throws FlwrError "invalid-argument" naming the file and what is wrong with it */
export function parseFlowerConfig(bytes: Uint8Array, file: string): FlowerConfig {
  const tables = parseToml(bytes, file);
  const superlink = tables.get("superlink");
  if (superlink !== undefined && !isTable(superlink)) {
    throw new FlwrError("invalid-argument", `"superlink" in "${file}" is not a table`);
  }
  const known: TomlTable = superlink ?? new Map();
  const names = [...known].filter(([key, value]) => key !== "default" || isTable(value))
    .map(([key]) => key);
  return {
    file,
    defaultName: defaultName(known, file),
    names,
    connection(name) {
      const table = tableAt(known, name);
      if (table !== undefined) return readConnectionTable(name, table, file);
      throw new FlwrError("not-found", `There is no SuperLink "${name}" in "${file}"`, {
        hints: [
          names.length === 0 ? "The file has none" : `The file has: ${names.join(", ")}`,
          `Add a table [superlink.${name}] to the file, or give an address: 127.0.0.1:8000`,
        ],
      });
    },
  };
}

function defaultName(superlink: TomlTable, file: string): string | undefined {
  const value = superlink.get("default");
  if (value === undefined || typeof value === "string") return value;
  throw new FlwrError(
    "invalid-argument",
    `"default" in [superlink] of "${file}" is not a connection's name: it is ${
      describeToml(value)
    }`,
  );
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await Deno.stat(file);
    if (size <= MAX_CONFIG_BYTES) return await Deno.readFile(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new FlwrError("failed-precondition", `"${file}" cannot be read`, { cause });
  }
  throw new FlwrError(
    "resource-exhausted",
    `"${file}" is larger than ${MAX_CONFIG_BYTES} bytes`,
  );
}

async function create(home: string, file: string): Promise<void> {
  try {
    await Deno.mkdir(home, { recursive: true });
    await Deno.writeTextFile(file, DEFAULT_CONFIG, { createNew: true });
  } catch (cause) {
    // Another command may have made it just now.
    if (cause instanceof Deno.errors.AlreadyExists) return;
    throw new FlwrError("failed-precondition", `Cannot write "${file}"`, {
      cause,
      hints: ["Choose another folder with the environment variable FLWR_HOME"],
    });
  }
}
