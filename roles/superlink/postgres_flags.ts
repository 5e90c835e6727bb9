import { readText, type TextKind } from "../../auth/read_text.ts";
import { FlwrError } from "../../base/error.ts";
import type { PostgresTarget, PostgresTls } from "../../link/store/postgres/target.ts";
import { readPassfile } from "./passfile.ts";

/** Flags of `--database postgres://…`. */
export interface PostgresFlags {
  databasePasswordFile?: string;
  databaseCaFile?: string;
}

const DEFAULT_PORT = 5432;
const PASSWORD_FILE: TextKind = { what: "Password", maxBytes: 4096 };
const CA_FILE: TextKind = { what: "Certificate", maxBytes: 2 ** 20, otherText: "latin1" };
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
const HOST = /^[\w-]+(\.[\w-]+)*\.?$/;
const EXAMPLE = "Give postgres://USER@HOST:PORT/DATABASE";

/**
 * Reads the URL of a PostgreSQL database, and its password: from `--database-password-file`, PGPASSWORD, or the file
 * PGPASSFILE.
 *
 * @param variable reads an environment variable
 * @throws FlwrError naming `--database` or the other flag. It never contains the password
 */
export async function readPostgres(
  text: string,
  flags: PostgresFlags,
  variable: (name: string) => string | undefined,
): Promise<PostgresTarget> {
  const url = readUrl(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const place = {
    host,
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    database: decoded(url.pathname.slice(1), "database"),
    user: decoded(url.username, "user"),
  };
  const password = await readPassword(place, flags, variable);
  const tls = await readTls(host, url.searchParams.get("sslmode"), flags);
  return {
    ...place,
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function readUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // Without the cause, which contains the text.
    throw wrong("The URL is malformed");
  }
  if (url.password !== "" || url.searchParams.has("password")) {
    throw wrong(
      "The URL contains a password, which other users of this machine can read in the list of processes",
      "Put the password into a file and name it with --database-password-file, or set PGPASSWORD",
    );
  }
  const host = url.hostname;
  if (!HOST.test(host) && !/^\[[0-9a-f:.]+\]$/i.test(host)) throw wrong("The URL names no host");
  if (url.username === "") throw wrong("The URL names no user");
  if (!/^\/[^/]+$/.test(url.pathname)) throw wrong("The URL names no database");
  for (const name of url.searchParams.keys()) {
    if (name !== "sslmode") {
      throw wrong(`The URL's parameter "${name}" is not supported`, "Leave it out");
    }
  }
  if (url.hash !== "") throw wrong("The URL has a part after #", "Write # as %23");
  return url;
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`The URL's ${what} has a percent sign without two digits after it`);
  }
}

async function readPassword(
  place: Pick<PostgresTarget, "host" | "port" | "database" | "user">,
  { databasePasswordFile: file }: PostgresFlags,
  variable: (name: string) => string | undefined,
): Promise<string | undefined> {
  if (file !== undefined) {
    const named = { file, flag: "--database-password-file" };
    const password = (await readText(named, PASSWORD_FILE)).replace(/\r?\n$/, "");
    if (password !== "") return password;
    throw new FlwrError("invalid-argument", `--database-password-file: File "${file}" is empty`);
  }
  const fromVariable = variable("PGPASSWORD");
  if (fromVariable !== undefined && fromVariable !== "") return fromVariable;
  const passfile = variable("PGPASSFILE");
  return passfile === undefined || passfile === ""
    ? undefined
    : await readPassfile(passfile, place);
}

async function readTls(
  host: string,
  mode: string | null,
  { databaseCaFile: file }: PostgresFlags,
): Promise<PostgresTls | undefined> {
  const isLoopback = LOOPBACK.test(host);
  switch (mode ?? (isLoopback && file === undefined ? "disable" : "verify-full")) {
    case "disable":
      if (!isLoopback) {
        throw new FlwrError(
          "failed-precondition",
          `--database: sslmode=disable would send everything to "${host}" unencrypted`,
          { hints: ["Leave sslmode out. The server needs a certificate and ssl = on"] },
        );
      }
      if (file === undefined) return undefined;
      throw new FlwrError(
        "invalid-argument",
        "--database-ca-file and sslmode=disable cannot be used together",
      );
    case "verify-full":
      return { ...await readCa(file), checksHost: true };
    case "verify-ca":
      return { ...await readCa(file), checksHost: false };
    default:
      throw new FlwrError(
        "invalid-argument",
        `--database: sslmode "${mode}" is not supported, because it does not verify the server`,
        { hints: ["Use verify-full, which is the default, or verify-ca"] },
      );
  }
}

async function readCa(file: string | undefined): Promise<{ ca?: string }> {
  if (file === undefined) return {};
  const ca = await readText({ file, flag: "--database-ca-file" }, CA_FILE);
  if (ca.includes("-----BEGIN CERTIFICATE-----")) return { ca };
  throw new FlwrError(
    "invalid-argument",
    `--database-ca-file: File "${file}" contains no PEM certificate`,
  );
}

function wrong(what: string, hint = EXAMPLE): FlwrError {
  return new FlwrError("invalid-argument", `--database: ${what}`, { hints: [hint] });
}
