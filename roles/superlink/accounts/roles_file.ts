import { type NamedFile, readBytes } from "../../../auth/read_text.ts";
import { FlwrError } from "../../../base/error.ts";
import { isRole, type Role, ROLES } from "../../../entities/account.ts";
import { MAX_MANIFEST_BYTES, parseToml } from "../../../fab/toml/parse.ts";
import { describeToml, isTable, type TomlValue } from "../../../fab/toml/value.ts";

/** Roles of accounts by subject, and by name. */
export interface FiledRoles {
  /** A subject never changes, and no one can choose it. */
  readonly subjects: ReadonlyMap<string, readonly Role[]>;
  readonly names: ReadonlyMap<string, readonly Role[]>;
}

const TABLES = ["subjects", "names"] as const;

/**
 * Reads a file with roles: the tables `[subjects]` and `[names]`, whose values are a role or a list of roles.
 *
 * @throws FlwrError naming file, table and key
 */
export async function readRolesFile(named: NamedFile): Promise<FiledRoles> {
  const bytes = await readBytes(named, { what: "Accounts", maxBytes: MAX_MANIFEST_BYTES });
  const where = `"${named.file}" (${named.flag})`;
  const toml = parseToml(bytes, named.file);
  for (const key of toml.keys()) {
    if ((TABLES as readonly string[]).includes(key)) continue;
    throw invalid(`"${key}" in ${where} is unknown: only [subjects] and [names] are read`);
  }
  const [subjects, names] = TABLES.map((table) => {
    const value = toml.get(table) ?? new Map<string, TomlValue>();
    if (!isTable(value)) {
      throw invalid(`"${table}" in ${where} is ${describeToml(value)}, not a table`);
    }
    return new Map(
      [...value].map(([key, roles]) => [key, rolesIn(roles, `"${key}" in [${table}] of ${where}`)]),
    );
  });
  return { subjects: subjects!, names: names! };
}

function rolesIn(value: TomlValue, what: string): Role[] {
  const roles: readonly TomlValue[] = Array.isArray(value) ? value : [value];
  return roles.map((role) => {
    if (typeof role === "string" && isRole(role)) return role;
    const given = typeof role === "string" ? `"${role}"` : describeToml(role);
    throw invalid(`${what} is ${given}, not one of the roles ${ROLES.join(", ")}`);
  });
}

function invalid(message: string): FlwrError {
  return new FlwrError("invalid-argument", message);
}
