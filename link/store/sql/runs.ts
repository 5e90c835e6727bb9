import type { LifeSign, RunState } from "../../../entities/run.ts";
import type {
  FinishedRuns,
  RemovableRunData,
  ReplyError,
  RunRecord,
  RunTable,
  Traffic,
} from "../../runs/run_table.ts";
import { configFromText, configToText } from "./run_config.ts";
import {
  type Codec,
  column,
  FOREIGN_TEXT,
  ID,
  NUMBER,
  optionalColumn,
  ownText,
  RecordColumns,
} from "./columns.ts";
import {
  foreignText,
  fromId,
  fromText,
  number,
  placeholders,
  type Row,
  updateAssignments,
} from "./rows.ts";
import type { Statements } from "./statements.ts";

const CONFIG: Codec<RunRecord["overrideConfig"]> = {
  type: "bytes",
  write: (config) => fromText(configToText(config)),
  read: (row, column) => configFromText(foreignText(row, column)),
};

/** The settings are numbers, strings and booleans, which JSON holds exactly. */
const SIMULATION: Codec<NonNullable<RunRecord["simulation"]>> = {
  type: "bytes",
  write: (settings) => fromText(JSON.stringify(settings)),
  read: (row, column) => JSON.parse(foreignText(row, column)),
};

/** All columns except `place`, the order of insertion, which `put` sets. */
const RUN = new RecordColumns<RunRecord>({
  runId: column("run_id", ID),
  fabId: column("fab_id", FOREIGN_TEXT),
  fabVersion: column("fab_version", FOREIGN_TEXT),
  fabHash: column("fab_hash", ownText()),
  overrideConfig: column("override_config", CONFIG),
  federation: column("federation", FOREIGN_TEXT),
  seriesId: column("series_id", ID),
  taskId: column("task_id", ID),
  state: column("state", ownText<RunState>()),
  details: column("details", FOREIGN_TEXT),
  pendingAt: column("pending_at", NUMBER),
  startingAt: optionalColumn("starting_at", NUMBER),
  runningAt: optionalColumn("running_at", NUMBER),
  finishedAt: optionalColumn("finished_at", NUMBER),
  bytesSent: column("bytes_sent", NUMBER),
  bytesReceived: column("bytes_received", NUMBER),
  clientAppSeconds: column("client_app_seconds", NUMBER),
  tokenHash: optionalColumn("token_hash", ownText()),
  dueAt: optionalColumn("due_at", NUMBER),
  resumes: optionalColumn("resumes", NUMBER),
  vainResumes: optionalColumn("vain_resumes", NUMBER),
  resumedFrom: optionalColumn("resumed_from", ID),
  simulation: optionalColumn("simulation", SIMULATION),
  firstSentAt: optionalColumn("first_sent_at", NUMBER),
  logBytes: optionalColumn("log_bytes", NUMBER),
  logRemovedAt: optionalColumn("log_removed_at", NUMBER),
  artifactBytes: optionalColumn("artifact_bytes", NUMBER),
  artifactsRemovedAt: optionalColumn("artifacts_removed_at", NUMBER),
  serverId: optionalColumn("server_id", ID),
  results: optionalColumn("results", NUMBER),
  errors: optionalColumn("errors", NUMBER),
  lastErrorNodeId: optionalColumn("last_error_node_id", ID),
  lastError: optionalColumn("last_error", FOREIGN_TEXT),
  lifeSign: column("life_sign", ownText<LifeSign>()),
  ownerId: optionalColumn("owner_id", FOREIGN_TEXT),
  ownerName: optionalColumn("owner_name", FOREIGN_TEXT),
});

/** SQL conditions. They equal those of the indices, which give the order of removal. */
const HAVING: Readonly<Record<RemovableRunData, string>> = {
  log: "log_bytes > 0",
  artifacts: "artifact_bytes > 0",
};

/** {@link RunTable} in SQL. */
export class SqlRuns implements RunTable {
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

  list(limit: number, skip: number, ownerId?: string): Promise<RunRecord[]> {
    if (ownerId !== undefined) {
      const sql = "SELECT * FROM run WHERE owner_id = ? ORDER BY place DESC LIMIT ? OFFSET ?";
      return this.#sql.all(runFrom, sql, fromText(ownerId), limit, skip);
    }
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

  withDueTime(): Promise<RunRecord[]> {
    return this.#sql.all(runFrom, "SELECT * FROM run WHERE due_at IS NOT NULL");
  }

  withoutDueTime(): Promise<RunRecord[]> {
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
         (SELECT CAST(coalesce(sum(log_bytes), 0) AS BIGINT) FROM run WHERE log_bytes > 0)
           AS log_bytes,
         (SELECT CAST(coalesce(sum(artifact_bytes), 0) AS BIGINT) FROM run WHERE artifact_bytes > 0)
           AS artifact_bytes`,
    );
    return totals!;
  }

  firstFinished(having?: RemovableRunData): Promise<RunRecord | undefined> {
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
      `INSERT INTO run (${RUN.names.join(", ")}, place)
         VALUES (${placeholders(RUN.names)}, (SELECT coalesce(max(place), 0) + 1 FROM run))
         ON CONFLICT (run_id) DO UPDATE SET ${updateAssignments(RUN.names.slice(1))}`,
      ...RUN.values(run),
    );
  }

  async remove(runId: bigint): Promise<void> {
    await this.#sql.run("DELETE FROM run WHERE run_id = ?", fromId(runId));
  }

  async addTraffic(runId: bigint, traffic: Traffic, results = 0): Promise<void> {
    await this.#sql.run(
      `UPDATE run SET bytes_sent = bytes_sent + ?, bytes_received = bytes_received + ?,
         client_app_seconds = client_app_seconds + ?, results = results + ? WHERE run_id = ?`,
      traffic.bytesSent,
      traffic.bytesReceived,
      traffic.clientAppSeconds,
      results,
      fromId(runId),
    );
  }

  async addError(runId: bigint, { nodeId, reason }: ReplyError): Promise<void> {
    await this.#sql.run(
      `UPDATE run SET errors = errors + 1, last_error_node_id = ?, last_error = ?
         WHERE run_id = ? AND errors IS NOT NULL`,
      fromId(nodeId),
      fromText(reason),
      fromId(runId),
    );
  }

  runBy(serverId: bigint): Promise<RunRecord[]> {
    const sql = "SELECT * FROM run WHERE state = 'running' AND server_id = ?";
    return this.#sql.all(runFrom, sql, fromId(serverId));
  }
}

function runFrom(row: Row): RunRecord {
  return RUN.record(row);
}
