import { isRole, type Role } from "../../../entities/account.ts";
import type { ApiTokenRecord, ApiTokenTable } from "../api_token_table.ts";
import { type Codec, column, FOREIGN_TEXT, NUMBER, ownText, RecordColumns } from "./columns.ts";
import { fromText, number, placeholders, type Row, text } from "./rows.ts";
import type { Statements } from "./statements.ts";

const ROLES: Codec<readonly Role[]> = {
  type: "text",
  write: (roles) => roles.join(" "),
  read: (row, column) => text(row, column).split(" ").filter(isRole),
};

const TOKEN = new RecordColumns<ApiTokenRecord>({
  tokenId: column("token_id", ownText()),
  hash: column("hash", ownText()),
  accountId: column("account_id", FOREIGN_TEXT),
  accountName: column("account_name", FOREIGN_TEXT),
  name: column("name", FOREIGN_TEXT),
  roles: column("roles", ROLES),
  createdAt: column("created_at", NUMBER),
  expiresAt: column("expires_at", NUMBER),
});

/** Runs work as a transaction of the store. */
type Perform = <T>(work: (sql: Statements) => Promise<T>) => Promise<T>;

/** {@link ApiTokenTable} in SQL. */
export class SqlApiTokens implements ApiTokenTable {
  readonly #read: Perform;
  readonly #write: Perform;

  /** @param read runs work as a read-only transaction of the store. @param write runs it as a durable one */
  constructor(read: Perform, write: Perform) {
    this.#read = read;
    this.#write = write;
  }

  byHash(hash: string): Promise<ApiTokenRecord | undefined> {
    return this.#read((sql) => sql.one(tokenFrom, "SELECT * FROM api_token WHERE hash = ?", hash));
  }

  list(accountId?: string): Promise<ApiTokenRecord[]> {
    return this.#read((sql) =>
      accountId === undefined
        ? sql.all(tokenFrom, "SELECT * FROM api_token ORDER BY created_at, token_id")
        : sql.all(
          tokenFrom,
          "SELECT * FROM api_token WHERE account_id = ? ORDER BY created_at, token_id",
          fromText(accountId),
        )
    );
  }

  add(token: ApiTokenRecord, most: number): Promise<boolean> {
    return this.#write(async (sql) => {
      const count = await sql.one(
        (row: Row) => number(row, "n"),
        "SELECT count(*) AS n FROM api_token WHERE account_id = ?",
        fromText(token.accountId),
      );
      if (count! >= most) return false;
      await sql.run(
        `INSERT INTO api_token (${TOKEN.names.join(", ")}) VALUES (${placeholders(TOKEN.names)})`,
        ...TOKEN.values(token),
      );
      return true;
    });
  }

  remove(tokenId: string): Promise<void> {
    return this.#write(async (sql) => {
      await sql.run("DELETE FROM api_token WHERE token_id = ?", tokenId);
    });
  }

  removeExpired(now: number): Promise<void> {
    return this.#write(async (sql) => {
      await sql.run("DELETE FROM api_token WHERE expires_at <= ?", now);
    });
  }
}

function tokenFrom(row: Row): ApiTokenRecord {
  return TOKEN.record(row);
}
