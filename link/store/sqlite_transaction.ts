import { SqliteArtifacts } from "./sqlite_artifacts.ts";
import { SqliteFabs, SqliteLogs } from "./sqlite_logs.ts";
import { SqliteInstructions, SqliteReplies } from "./sqlite_messages.ts";
import { SqliteNodeSettings } from "./sqlite_node_settings.ts";
import { SqliteNodes } from "./sqlite_nodes.ts";
import { SqliteObjects } from "./sqlite_objects.ts";
import { SqlitePieces } from "./sqlite_pieces.ts";
import { SqlitePushes } from "./sqlite_pushes.ts";
import { number } from "./sqlite_rows.ts";
import { SqliteRuns } from "./sqlite_runs.ts";
import { SqliteLeases, SqliteServers } from "./sqlite_servers.ts";
import { SqliteStrayReplies } from "./sqlite_stray_replies.ts";
import type { Statements } from "./sqlite_statements.ts";
import type { LinkTables } from "./store.ts";

/** Creates the tables of a transaction over SQL statements. The store begins and commits the transaction. */
export function sqliteTransaction(sql: Statements): LinkTables {
  return {
    nodes: new SqliteNodes(sql),
    runs: new SqliteRuns(sql),
    logs: new SqliteLogs(sql),
    fabs: new SqliteFabs(sql),
    nodeSettings: new SqliteNodeSettings(sql),
    instructions: new SqliteInstructions(sql),
    replies: new SqliteReplies(sql),
    objects: new SqliteObjects(sql),
    pushes: new SqlitePushes(sql),
    artifacts: new SqliteArtifacts(sql),
    pieces: new SqlitePieces(sql),
    strayReplies: new SqliteStrayReplies(sql),
    servers: new SqliteServers(sql),
    leases: new SqliteLeases(sql),
    nextDue: () =>
      sql.one(
        (row) => row.due_at === null ? undefined : number(row, "due_at"),
        `SELECT min(due_at) AS due_at FROM (
           SELECT min(due_at) AS due_at FROM node WHERE due_at IS NOT NULL
           UNION ALL SELECT min(due_at) FROM run WHERE due_at IS NOT NULL
           UNION ALL SELECT min(due_at) FROM instruction
           UNION ALL SELECT min(due_at) FROM push
           UNION ALL SELECT min(due_at) FROM piece WHERE due_at IS NOT NULL
           UNION ALL SELECT min(due_at) FROM stray_reply)`,
      ),
  };
}
