import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { parseToml } from "../../../fab/toml/parse.ts";
import { describeToml, isTable, tableAt, type TomlTable } from "../../../fab/toml/value.ts";
import { type ReadConnection, readConnectionTable } from "./connection.ts";
import { DEFAULT_CONFIG } from "./default_config.ts";

/** Largest config.toml in bytes. A usual one has a few hundred. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/** The connections of config.toml. */
export interface FlowerConfig {
  /** Path of the file. */
  readonly file: string;
  /** The default connection's name. */
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
 * Reads config.toml. If it does not exist, it is created with Flower's own connections.
 *
 * @param home Flower's home folder
 * @param onCreated called if the file was created
 * @throws FlwrError naming the file and the fault
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

/** Reads config.toml if it exists. @throws FlwrError as {@link readFlowerConfig} */
export async function readExistingConfig(home: string): Promise<FlowerConfig | undefined> {
  const file = configFile(home);
  const bytes = await readIfThere(file);
  return bytes && parseFlowerConfig(bytes, file);
}

/** Parses a config.toml. @throws FlwrError "invalid-argument" naming the file and the fault */
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
      throw new FlwrError("not-found", `SuperLink "${name}" is not in "${file}"`, {
        hints: [
          names.length === 0 ? "The file has no SuperLinks" : `The file has: ${names.join(", ")}`,
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
    throw new FlwrError("failed-precondition", `Cannot read "${file}"`, { cause });
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
    // Another command may have just created it.
    if (cause instanceof Deno.errors.AlreadyExists) return;
    throw new FlwrError("failed-precondition", `Cannot write "${file}"`, {
      cause,
      hints: ["Choose another folder with the environment variable FLWR_HOME"],
    });
  }
}
