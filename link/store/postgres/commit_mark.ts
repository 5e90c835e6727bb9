import type { Connection } from "./connection.ts";
import { COMMIT_TABLE } from "./schema.ts";

/**
 * Mark that a durable transaction leaves in the server, by which others find out whether it was committed. The server's
 * own number of the transaction is no proof: commits do not wait for the disk, and after a crash the server gives the
 * numbers of lost transactions to new ones.
 */
export interface CommitMark {
  /** Id of the connection. A mark of it implies all smaller ones, because its commits are in one log in their order. */
  readonly session: string;
  /** Number of the transaction in its connection, from 1. */
  readonly number: number;
  readonly connection: Connection;
}

/** Makes the marks of a process. */
export class CommitMarks {
  readonly #last = new WeakMap<Connection, CommitMark>();

  /** The mark for the next attempt on this connection. */
  next(connection: Connection): CommitMark {
    const last = this.#last.get(connection);
    const next = last === undefined
      ? { session: crypto.randomUUID(), number: 1, connection }
      : { ...last, number: last.number + 1 };
    this.#last.set(connection, next);
    return next;
  }
}

const SWEEP = `DELETE FROM ${COMMIT_TABLE} WHERE written_at < now() - interval '1 day'`;
const WRITE = `INSERT INTO ${COMMIT_TABLE} VALUES ($1, $2, now())
  ON CONFLICT (session) DO UPDATE SET number = excluded.number, written_at = excluded.written_at`;

/** Writes a mark, inside its transaction. The first one of a connection removes those of earlier days. */
export async function writeMark({ session, number, connection }: CommitMark): Promise<void> {
  await Promise.all([
    ...number === 1 ? [connection.query(SWEEP)] : [],
    connection.query(WRITE, [session, number]),
  ]);
}

/** Numbers of the last committed transactions, by session. */
export type CommittedNumbers = ReadonlyMap<string, number>;

/** Reads the result of {@link NUMBERS}. */
export function readNumbers(text: string | null): CommittedNumbers {
  return new Map(Object.entries(JSON.parse(text ?? "{}")));
}

/** Expression for the numbers of the sessions in `$1`, as JSON; NULL if there are none. */
export const NUMBERS = `(SELECT json_object_agg(session, number)::text FROM ${COMMIT_TABLE}
  WHERE session = ANY ($1::text[]))`;

/** Whether a mark's transaction is committed. */
export function hasMark(numbers: CommittedNumbers, { session, number }: CommitMark): boolean {
  return (numbers.get(session) ?? 0) >= number;
}
