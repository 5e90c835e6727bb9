import type { StoreUsage } from "../store.ts";
import { number } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** The table behind each number. */
const TABLES: Readonly<Record<keyof StoreUsage, string>> = {
  nodes: "node",
  runs: "run",
  instructions: "instruction",
  replies: "reply",
  objects: "object",
  objectChildren: "object_child",
  pushes: "push",
  pushObjects: "push_object",
  announced: "announced",
  logEntries: "run_log",
  fabs: "fab",
  nodeSettings: "node_settings",
  artifacts: "artifact",
  pieces: "piece",
  fabPieces: "fab_piece",
  strayReplies: "stray_reply",
  garbage: "garbage",
};
const SQL = `SELECT ${
  Object.values(TABLES).map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`).join(", ")
}`;

/** Counts the rows of all tables. */
export async function usage(sql: Statements): Promise<StoreUsage> {
  const counts = await sql.one(
    (row) =>
      Object.fromEntries(
        Object.entries(TABLES).map(([name, table]) => [name, number(row, table)]),
      ) as Record<keyof StoreUsage, number>,
    SQL,
  );
  return counts!;
}
