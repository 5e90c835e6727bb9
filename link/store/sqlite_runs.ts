import type { LifeSign, RunState } from "../../entities/run.ts";
import type { FinishedRuns, RunKeepsake, RunRecord, RunTable, Traffic } from "../runs/run_table.ts";
import { configFromText, configToText } from "./sqlite_config.ts";
import {
  foreignText,
  fromId,
  fromText,
  id,
  marks,
  number,
  optional,
  replacing,
  type Row,
  type SqlValue,
  text,
} from "./sqlite_rows.ts";
import type { Statements } from "./sqlite_statements.ts";

/** All but the place in the order of arrival, which the database gives. */
const COLUMNS = [
  "run_id",
  "fab_id",
  "fab_version",
  "state",
  "fab_hash",
  "override_config",
  "federation",
  "series_id",
  "task_id",
  "details",
  "pending_at",
  "starting_at",
  "running_at",
  "finished_at",
  "bytes_sent",
  "bytes_received",
  "client_app_seconds",
  "token_hash",
  "due_at",
  "log_bytes",
  "log_removed_at",
  "artifact_bytes",
  "artifacts_removed_at",
  "life_sign",
];

/** The conditions as those of the indices, which are the order in which runs and what is kept of them go. */
const HAVING: Readonly<Record<RunKeepsake, string>> = {
  log: "log_bytes > 0",
  artifacts: "artifact_bytes > 0",
};

/** The runs in SQLite. */
export class SqliteRuns implements RunTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  get(runId: bigint): Promise<RunRecord | undefined> {
    return this.#sql.one(runFrom, "SELECT * FROM run WHERE run_id = ?", fromId(runId));
  }

  byToken(tokenHash: string): Promise<RunRecord | undefined> {
    return this.#sql.one(runFrom, "SELECT * FROM run WHERE token_hash = ?", tokenHash);
  }

  list(limit: number, skip: number): Promise<RunRecord[]> {
    const sql = "SELECT * FROM run ORDER BY place DESC LIMIT ? OFFSET ?";
    return this.#sql.all(runFrom, sql, limit, skip);
  }

  oldestPending(): Promise<RunRecord | undefined> {
    const sql = "SELECT * FROM run WHERE state = 'pending' ORDER BY place LIMIT 1";
    return this.#sql.one(runFrom, sql);
  }

  hasSeries(seriesId: bigint): Promise<boolean> {
    return this.#sql.some("SELECT 1 FROM run WHERE series_id = ?", fromId(seriesId));
  }

  needsFab(fabHash: string): Promise<boolean> {
    return this.#sql.some(
      "SELECT 1 FROM run WHERE fab_hash = ? AND state NOT LIKE 'finished:%'",
      fabHash,
    );
  }

  launched(): Promise<RunRecord[]> {
    return this.#sql.all(runFrom, "SELECT * FROM run WHERE due_at IS NOT NULL");
  }

  unwatched(): Promise<RunRecord[]> {
    return this.#sql.all(runFrom, "SELECT * FROM run WHERE state = 'running' AND due_at IS NULL");
  }

  async finished(): Promise<FinishedRuns> {
    const totals = await this.#sql.one(
      (row) => ({
        runs: number(row, "runs"),
        logBytes: number(row, "log_bytes"),
        artifactBytes: number(row, "artifact_bytes"),
      }),
      `SELECT (SELECT count(*) FROM run WHERE finished_at IS NOT NULL) AS runs,
         (SELECT coalesce(sum(log_bytes), 0) FROM run WHERE log_bytes > 0) AS log_bytes,
         (SELECT coalesce(sum(artifact_bytes), 0) FROM run WHERE artifact_bytes > 0)
           AS artifact_bytes`,
    );
    return totals!;
  }

  firstFinished(having?: RunKeepsake): Promise<RunRecord | undefined> {
    const which = having === undefined ? "finished_at IS NOT NULL" : HAVING[having];
    const sql = `SELECT * FROM run WHERE ${which} ORDER BY finished_at, place LIMIT 1`;
    return this.#sql.one(runFrom, sql);
  }

  due(now: number, limit: number): Promise<RunRecord[]> {
    const sql = "SELECT * FROM run WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#sql.all(runFrom, sql, now, limit);
  }

  async put(run: RunRecord): Promise<void> {
    await this.#sql.run(
      `INSERT INTO run (${COLUMNS.join(", ")}, place)
         VALUES (${marks(COLUMNS)}, (SELECT coalesce(max(place), 0) + 1 FROM run))
         ON CONFLICT (run_id) DO UPDATE SET ${replacing(COLUMNS.slice(1))}`,
      ...runValues(run),
    );
  }

  async remove(runId: bigint): Promise<void> {
    await this.#sql.run("DELETE FROM run WHERE run_id = ?", fromId(runId));
  }

  async addTraffic(runId: bigint, traffic: Traffic): Promise<void> {
    await this.#sql.run(
      `UPDATE run SET bytes_sent = bytes_sent + ?, bytes_received = bytes_received + ?,
         client_app_seconds = client_app_seconds + ? WHERE run_id = ?`,
      traffic.bytesSent,
      traffic.bytesReceived,
      traffic.clientAppSeconds,
      fromId(runId),
    );
  }
}

function runValues(run: RunRecord): SqlValue[] {
  return [
    fromId(run.runId),
    fromText(run.fabId),
    fromText(run.fabVersion),
    run.state,
    run.fabHash,
    fromText(configToText(run.overrideConfig)),
    fromText(run.federation),
    fromId(run.seriesId),
    fromId(run.taskId),
    fromText(run.details),
    run.pendingAt,
    run.startingAt ?? null,
    run.runningAt ?? null,
    run.finishedAt ?? null,
    run.bytesSent,
    run.bytesReceived,
    run.clientAppSeconds,
    run.tokenHash ?? null,
    run.dueAt ?? null,
    run.logBytes ?? null,
    run.logRemovedAt ?? null,
    run.artifactBytes ?? null,
    run.artifactsRemovedAt ?? null,
    run.lifeSign,
  ];
}

function runFrom(row: Row): RunRecord {
  return {
    runId: id(row, "run_id"),
    fabId: foreignText(row, "fab_id"),
    fabVersion: foreignText(row, "fab_version"),
    state: text(row, "state") as RunState,
    fabHash: text(row, "fab_hash"),
    overrideConfig: configFromText(foreignText(row, "override_config")),
    federation: foreignText(row, "federation"),
    seriesId: id(row, "series_id"),
    taskId: id(row, "task_id"),
    details: foreignText(row, "details"),
    pendingAt: number(row, "pending_at"),
    ...optional("startingAt", row, "starting_at", number),
    ...optional("runningAt", row, "running_at", number),
    ...optional("finishedAt", row, "finished_at", number),
    bytesSent: number(row, "bytes_sent"),
    bytesReceived: number(row, "bytes_received"),
    clientAppSeconds: number(row, "client_app_seconds"),
    ...optional("tokenHash", row, "token_hash", text),
    ...optional("dueAt", row, "due_at", number),
    ...optional("logBytes", row, "log_bytes", number),
    ...optional("logRemovedAt", row, "log_removed_at", number),
    ...optional("artifactBytes", row, "artifact_bytes", number),
    ...optional("artifactsRemovedAt", row, "artifacts_removed_at", number),
    lifeSign: text(row, "life_sign") as LifeSign,
  };
}
