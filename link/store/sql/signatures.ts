import type { SignatureRecord, SignatureTable } from "../store.ts";
import { type Row, text } from "./rows.ts";
import type { InsertedColumns, Statements } from "./statements.ts";

/** Most signatures of one transaction, because all SuperLinks of a database wait for it. */
const LARGEST_BATCH = 1_000;

const INTO: InsertedColumns = {
  table: "signature",
  columns: [["peer", "text"], ["nonce", "text"], ["until", "real"]],
};

/** {@link SignatureTable} in SQL. */
export class SqlSignatures implements SignatureTable {
  readonly #perform: <T>(work: (sql: Statements) => Promise<T>) => Promise<T>;

  /** @param perform runs work as a transaction of the store */
  constructor(perform: <T>(work: (sql: Statements) => Promise<T>) => Promise<T>) {
    this.#perform = perform;
  }

  async add(signatures: readonly SignatureRecord[]): Promise<boolean[]> {
    const added: boolean[] = [];
    for (let start = 0; start < signatures.length; start += LARGEST_BATCH) {
      added.push(...await this.#addBatch(signatures.slice(start, start + LARGEST_BATCH)));
    }
    return added;
  }

  removeExpired(now: number): Promise<void> {
    return this.#perform(async (sql) => {
      await sql.run("DELETE FROM signature WHERE until <= ?", now);
    });
  }

  async #addBatch(signatures: readonly SignatureRecord[]): Promise<boolean[]> {
    const rows = signatures.map(({ peer, nonce, until }) => [peer, nonce, until]);
    const inserted = new Set(
      await this.#perform((sql) =>
        sql.insertReturning(
          (row: Row) => keyOf(text(row, "peer"), text(row, "nonce")),
          INTO,
          rows,
          "ON CONFLICT DO NOTHING RETURNING peer, nonce",
        )
      ),
    );
    // Of several equal ones in the batch, the first is new.
    return signatures.map(({ peer, nonce }) => inserted.delete(keyOf(peer, nonce)));
  }
}

function keyOf(peer: string, nonce: string): string {
  return JSON.stringify([peer, nonce]);
}
