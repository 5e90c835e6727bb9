import postgres from "postgres";
import { type ErrorCode, FlwrError } from "../../../base/error.ts";
import { ConnectionLost } from "./connection.ts";
import { addressOf, type PostgresTarget } from "./target.ts";

/** What an error means to the SuperLink's users, and to its operator. */
interface Meaning {
  readonly code: ErrorCode;
  /** Shown to nodes and apps, too. */
  readonly message: string;
  /** For the operator alone. */
  readonly hint?: string;
}

const UNREACHABLE: Meaning = {
  code: "unavailable",
  message: "The SuperLink's database cannot be reached",
};

/** Meanings by SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html), or by its first two characters. */
const BY_STATE: Readonly<Record<string, Meaning>> = {
  "08": UNREACHABLE,
  "22021": { code: "invalid-argument", message: "A text contains a NUL character" },
  "25006": {
    code: "unavailable",
    message: "The SuperLink's database cannot be written",
    hint: "The server is a read-only standby: name the primary server",
  },
  "28": {
    code: "failed-precondition",
    message: "The SuperLink's database refused its user",
    hint:
      "Check the user, and the password from --database-password-file, PGPASSFILE or PGPASSWORD",
  },
  "3D000": {
    code: "failed-precondition",
    message: "The SuperLink's database does not exist",
    hint: "Create it: createdb --owner USER DATABASE",
  },
  "40": {
    code: "unavailable",
    message: "The SuperLink's database is busy",
    hint: "Transactions conflict: check that no other program writes to the SuperLink's tables",
  },
  "42501": {
    code: "failed-precondition",
    message: "The SuperLink's user may not use its database",
    hint: "Make the user the owner of the database, or grant it CREATE on the schema",
  },
  "53": {
    code: "unavailable",
    message: "The SuperLink's database has no room",
    hint: "Check the server's disk, memory and max_connections",
  },
  "55P03": {
    code: "unavailable",
    message: "The SuperLink's database is busy",
    hint: "Another session held the database's lock for 20 s",
  },
  "57014": { code: "unavailable", message: "The SuperLink's database is too slow" },
  "57": UNREACHABLE,
  "58030": { code: "unavailable", message: "The SuperLink's database cannot be written" },
  "XX001": { code: "data-loss", message: "The SuperLink's database is damaged" },
  "XX002": { code: "data-loss", message: "The SuperLink's database is damaged" },
};

/** Converts an error of a connection to a FlwrError. Returns a FlwrError and errors of other code unchanged. */
export function postgresError(target: PostgresTarget, error: unknown): unknown {
  if (error instanceof postgres.PostgresError) {
    return failure(target, error, meaningOf(error.code));
  }
  if (!(error instanceof ConnectionLost)) return error;
  const { cause } = error;
  if (cause instanceof postgres.PostgresError || cause instanceof ConnectionLost) {
    return postgresError(target, cause);
  }
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  let meaning = TLS_ERROR.test(code) ? UNTRUSTED : UNREACHABLE;
  if (target.tls !== undefined && code === "ECONNRESET") {
    meaning = { ...meaning, hint: "Check that the server offers TLS: ssl = on in postgresql.conf" };
  }
  return failure(target, cause instanceof Error ? cause : error, meaning);
}

/** Whether a new connection may succeed later: the server starts, stops, or has no connection left. */
export function isPassing(error: unknown): boolean {
  return error instanceof FlwrError && error.code === "unavailable";
}

/** Whether the same transaction may succeed if it runs again: a conflict or a deadlock. */
export function isConflict(error: unknown): boolean {
  return error instanceof postgres.PostgresError && ["40001", "40P01"].includes(error.code);
}

/** Whether a statement was prepared before a newer SuperLink added columns to its table. A new connection forgets it. */
export function isStalePlan(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.routine === "RevalidateCachedQuery";
}

/** Whether another session held the lock for too long. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code === "55P03";
}

/** Codes of OpenSSL's and Node's certificate checks, and of an answer that is not TLS. */
const TLS_ERROR = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_(TLS|SSL)/;
const UNTRUSTED: Meaning = {
  code: "failed-precondition",
  message: "The certificate of the SuperLink's database is not trusted",
  hint:
    "Name the certificate of its authority with --database-ca-file, and the host as in the certificate",
};

function meaningOf(state: string): Meaning {
  return BY_STATE[state] ?? BY_STATE[state.slice(0, 2)] ??
    { code: "internal", message: "The SuperLink's database failed" };
}

function failure(target: PostgresTarget, cause: Error, { code, message, hint }: Meaning) {
  const details = `PostgreSQL at ${addressOf(target)}: ${cause.message}`;
  return new FlwrError(code, message, {
    cause,
    hints: hint === undefined ? [details] : [details, hint],
  });
}
