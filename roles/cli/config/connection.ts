import { isAbsolute } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { describeToml, type TomlTable, type TomlValue } from "../../../fab/toml/value.ts";
import { isLoopback, parseAddress } from "../../../rpc/address.ts";
import { LOCAL, LOCAL_IN_MEMORY, localSuperLink } from "./default_config.ts";
import { requireFederationId } from "./federation_id.ts";

/** A connection to a SuperLink. */
export interface SuperLinkConnection {
  /** Its name in config.toml. Undefined if it was given as an address. */
  readonly name?: string;
  /** "host:port" of its Control API. */
  readonly address: string;
  /** Whether TLS is off. */
  readonly insecure: boolean;
  /** PEM file of CAs to trust. Default: the system's. */
  readonly rootCertificates?: string;
  /** The federation of submitted runs. Default: the SuperLink's own. */
  readonly federation?: string;
  /** Set for the SuperLink that commands start on this machine. `isLasting`: it has a database. */
  readonly local?: { readonly isLasting: boolean };
  /** The file that configures it. */
  readonly file?: string;
}

/** Whether only this machine reaches an address. @param address "host:port" */
export function isLocalAddress(address: string): boolean {
  return isLoopback(parseAddress(address).host);
}

/** A connection of config.toml, and the unknown keys of its table. */
export interface ReadConnection {
  readonly connection: SuperLinkConnection;
  readonly unknownKeys: readonly string[];
}

/** Default port of an address: that of HTTPS, as in Flower. */
const DEFAULT_PORT = 443;

const KEYS = ["address", "root-certificates", "insecure", "federation"];

/**
 * Reads a table `[superlink.NAME]`.
 *
 * @param file the file's path, for errors
 * @throws FlwrError "invalid-argument" naming file, table and key
 */
export function readConnectionTable(name: string, table: TomlTable, file: string): ReadConnection {
  const where = `[superlink.${name}] of "${file}"`;
  const text = (key: string) => typed(table, key, "string", where);
  const given = text("address");
  if (given === undefined) {
    throw new FlwrError("invalid-argument", `"address" is missing in ${where}`, {
      hints: ['Set the address, for example: address = "127.0.0.1:8000"'],
    });
  }
  const local = given === LOCAL || given === LOCAL_IN_MEMORY;
  const insecure = typed(table, "insecure", "boolean", where) ?? local;
  const rootCertificates = text("root-certificates");
  if (rootCertificates !== undefined) checkRootCertificates(rootCertificates, insecure, where);
  const federation = text("federation");
  if (federation !== undefined) requireFederationId(federation, `"federation" in ${where}`);
  return {
    connection: {
      name,
      address: local ? localSuperLink() : readAddress(given, where),
      insecure,
      ...(local && { local: { isLasting: given === LOCAL } }),
      ...(rootCertificates !== undefined && { rootCertificates }),
      ...(federation !== undefined && { federation }),
      file,
    },
    unknownKeys: [...table.keys()].filter((key) => !KEYS.includes(key)),
  };
}

interface Types {
  string: string;
  boolean: boolean;
}

const TYPE_NAMES: Readonly<Record<keyof Types, string>> = {
  string: "a text",
  boolean: "true or false",
};

function typed<T extends keyof Types>(
  table: TomlTable,
  key: string,
  type: T,
  where: string,
): Types[T] | undefined {
  const value: TomlValue | undefined = table.get(key);
  if (value === undefined || typeof value === type) return value as Types[T] | undefined;
  throw new FlwrError(
    "invalid-argument",
    `"${key}" in ${where} is not ${TYPE_NAMES[type]}: it is ${describeToml(value)}`,
  );
}

function checkRootCertificates(path: string, insecure: boolean, where: string): void {
  if (!isAbsolute(path)) {
    throw new FlwrError(
      "invalid-argument",
      `"root-certificates" in ${where} is not an absolute path: "${path}"`,
      { hints: ["Write the full path, starting at the root folder"] },
    );
  }
  if (insecure) {
    throw new FlwrError(
      "invalid-argument",
      `"insecure" and "root-certificates" cannot be used together in ${where}`,
      { hints: ['To use TLS, remove "insecure"'] },
    );
  }
}

function readAddress(text: string, where: string): string {
  const address = /^[\w.-]+$/.test(text) ? `${text}:${DEFAULT_PORT}` : text;
  try {
    parseAddress(address);
    return address;
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    throw new FlwrError(code, `"address" in ${where}: ${message}`, { hints, cause: error });
  }
}
