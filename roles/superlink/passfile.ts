import { readText, type TextKind } from "../../auth/read_text.ts";
import { FlwrError } from "../../base/error.ts";
import type { PostgresTarget } from "../../link/store/postgres/target.ts";

const PASSFILE: TextKind = { what: "Password", maxBytes: 2 ** 20 };

/**
 * Reads a password from PostgreSQL's password file (postgresql.org/docs/current/libpq-pgpass.html): lines
 * `host:port:database:user:password`, of which the first that matches counts. `*` matches anything.
 *
 * @param file value of the variable PGPASSFILE
 * @throws FlwrError if the file cannot be read, or if other users can read it
 */
export async function readPassfile(
  file: string,
  { host, port, database, user }: Pick<PostgresTarget, "host" | "port" | "database" | "user">,
): Promise<string | undefined> {
  const text = await readText({ file, flag: "PGPASSFILE" }, PASSFILE);
  const { mode } = await Deno.stat(file);
  if (mode !== null && (mode & 0o077) !== 0) {
    throw new FlwrError("failed-precondition", `PGPASSFILE: Other users can read file "${file}"`, {
      hints: [`Run: chmod 600 ${file}`],
    });
  }
  const wanted = [host, String(port), database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = fieldsOf(line);
    if (fields.length < 5) continue;
    if (wanted.every((value, index) => fields[index] === "*" || fields[index] === value)) {
      // Colons need no backslash in the password.
      return fields.slice(4).join(":");
    }
  }
  return undefined;
}

/** Splits a line at its colons. A backslash takes the next character as it is. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  let field = "";
  for (const [, escaped, plain = escaped ?? ""] of line.matchAll(/\\(.)|([^\\]|\\$)/gu)) {
    if (plain === ":" && escaped === undefined) {
      fields.push(field);
      field = "";
    } else field += plain;
  }
  return [...fields, field];
}
