import { type MessageKind, NAMED_KINDS } from "../../../entities/message_kind.ts";
import type { NodeState } from "../../../entities/node.ts";
import type { RunState } from "../../../entities/run.ts";
import type { InstructionCount, StoreGauges } from "../gauges.ts";
import { fromText, number, type Row, text } from "./rows.ts";
import type { Statements } from "./statements.ts";

/**
 * The kind of the column message_type, which is bytes. A CASE instead of a GROUP BY of the types themselves, because
 * apps choose them.
 */
const KIND = `CASE ${
  NAMED_KINDS.map((kind) =>
    `WHEN message_type = ? OR substr(message_type, 1, ${kind.length + 1}) = ? THEN '${kind}'`
  ).join(" ")
} ELSE 'other' END`;

const KIND_VALUES = NAMED_KINDS.flatMap((kind) => [fromText(kind), fromText(`${kind}.`)]);

/**
 * Reads the gauges with one statement.
 *
 * @param databaseBytes what to select, in SQL, to get the size of the database
 */
export async function readGauges(sql: Statements, databaseBytes: string): Promise<StoreGauges> {
  const rows = await sql.all(
    fromRow,
    `SELECT 'node' AS subject, state AS state, '' AS kind, count(*) AS amount, NULL AS since
       FROM node GROUP BY state
     UNION ALL SELECT 'run', state, '', count(*), min(pending_at)
       FROM run WHERE finished_at IS NULL GROUP BY state
     UNION ALL SELECT 'instruction', state, kind, count(*), min(pushed_at)
       FROM (SELECT state, ${KIND} AS kind, pushed_at FROM instruction
         WHERE state IN ('waiting', 'handed-out')) AS unanswered
       GROUP BY state, kind
     UNION ALL SELECT 'objects', '', '', count(*), NULL FROM object
     UNION ALL SELECT 'bytes', '', '', (SELECT ${databaseBytes}), NULL`,
    ...KIND_VALUES,
  );
  const of = (subject: string) => rows.filter((row) => row.subject === subject);
  const byState = <S extends string>(subject: string) =>
    Object.fromEntries(of(subject).map(({ state, amount }) => [state, amount])) as Partial<
      Record<S, number>
    >;
  const oldest = (subject: string, wanted: string) => {
    const since = of(subject).filter(({ state }) => state === wanted).map((row) => row.since);
    return since.length === 0 ? undefined : Math.min(...since);
  };
  const oldestWaiting = oldest("instruction", "waiting");
  const oldestPending = oldest("run", "pending");
  return {
    nodes: byState<NodeState>("node"),
    runs: byState<RunState>("run"),
    instructions: of("instruction").map(({ state, kind, amount }) => ({
      state: state as InstructionCount["state"],
      kind: kind as MessageKind,
      count: amount,
    })),
    ...(oldestWaiting !== undefined && { oldestWaiting }),
    ...(oldestPending !== undefined && { oldestPending }),
    objects: of("objects")[0]!.amount,
    bytes: of("bytes")[0]!.amount,
  };
}

function fromRow(row: Row) {
  return {
    subject: text(row, "subject"),
    state: text(row, "state"),
    kind: text(row, "kind"),
    amount: number(row, "amount"),
    since: row.since === null ? Infinity : number(row, "since"),
  };
}
