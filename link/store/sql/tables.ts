import { SqlArtifacts } from "./artifacts.ts";
import { SqlGarbage } from "./garbage.ts";
import { SqlJournal } from "./journal.ts";
import { SqlFabs, SqlLogs } from "./logs.ts";
import { SqlInstructions, SqlReplies } from "./messages.ts";
import { SqlNodeSettings } from "./node_settings.ts";
import { SqlNodes } from "./nodes.ts";
import { SqlObjects } from "./objects.ts";
import { SqlPieces } from "./pieces.ts";
import { SqlPushes } from "./pushes.ts";
import { number } from "./rows.ts";
import { SqlRuns } from "./runs.ts";
import { SqlLeases, SqlServers } from "./servers.ts";
import { SqlStrayReplies } from "./stray_replies.ts";
import type { Statements } from "./statements.ts";
import type { LinkTables } from "../store.ts";

/** Creates the tables of a transaction over SQL statements. The store begins and commits the transaction. */
export function sqlTables(sql: Statements): LinkTables {
  return {
    nodes: new SqlNodes(sql),
    runs: new SqlRuns(sql),
    logs: new SqlLogs(sql),
    fabs: new SqlFabs(sql),
    nodeSettings: new SqlNodeSettings(sql),
    instructions: new SqlInstructions(sql),
    replies: new SqlReplies(sql),
    objects: new SqlObjects(sql),
    pushes: new SqlPushes(sql),
    artifacts: new SqlArtifacts(sql),
    pieces: new SqlPieces(sql),
    strayReplies: new SqlStrayReplies(sql),
    garbage: new SqlGarbage(sql),
    servers: new SqlServers(sql),
    leases: new SqlLeases(sql),
    journal: new SqlJournal(sql),
    nextDue: () =>
      sql.one(
        (row) => row.due_at === null ? undefined : number(row, "due_at"),
        `SELECT min(due_at) AS due_at FROM (
           SELECT min(due_at) AS due_at FROM node WHERE due_at IS NOT NULL
           UNION ALL SELECT min(due_at) FROM run WHERE due_at IS NOT NULL
           UNION ALL SELECT min(due_at) FROM instruction
           UNION ALL SELECT min(due_at) FROM push
           UNION ALL SELECT min(due_at) FROM piece WHERE due_at IS NOT NULL
           UNION ALL SELECT min(due_at) FROM stray_reply) AS due`,
      ),
  };
}
