import { isFinished } from "../../entities/run.ts";
import type {
  FabTable,
  FinishedRuns,
  RemovableRunData,
  ReplyError,
  RunRecord,
  RunTable,
  Traffic,
} from "../runs/run_table.ts";
import { mostUrgent } from "./due.ts";
import type { Journal } from "./journal.ts";

/** The runs of an in-memory store. */
export class RunMap {
  readonly byId = new Map<bigint, RunRecord>();
  /** Position of each run in the order of insertion. */
  readonly places = new Map<bigint, number>();
  arrivals = 0;
  readonly idByToken = new Map<string, bigint>();
}

/** {@link RunTable} in memory, for one transaction. */
export class MemoryRuns implements RunTable {
  readonly #map: RunMap;
  readonly #journal: Journal;

  constructor(map: RunMap, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  get(runId: bigint): Promise<RunRecord | undefined> {
    return Promise.resolve(this.#map.byId.get(runId));
  }

  byToken(tokenHash: string): Promise<RunRecord | undefined> {
    const runId = this.#map.idByToken.get(tokenHash);
    return Promise.resolve(runId === undefined ? undefined : this.#map.byId.get(runId));
  }

  list(limit: number, skip: number, ownerId?: string): Promise<RunRecord[]> {
    const newestFirst = [...this.#map.places].sort(([, a], [, b]) => b - a)
      .map(([runId]) => this.#map.byId.get(runId)!)
      .filter((run) => ownerId === undefined || run.ownerId === ownerId);
    return Promise.resolve(newestFirst.slice(skip, skip + limit));
  }

  oldestPending(): Promise<RunRecord | undefined> {
    let oldest: RunRecord | undefined;
    for (const run of this.#map.byId.values()) {
      if (run.state !== "pending") continue;
      if (oldest === undefined || this.#place(run) < this.#place(oldest)) oldest = run;
    }
    return Promise.resolve(oldest);
  }

  hasSeries(seriesId: bigint): Promise<boolean> {
    return Promise.resolve(this.#find((run) => run.seriesId === seriesId) !== undefined);
  }

  needsFab(fabHash: string): Promise<boolean> {
    const run = this.#find((run) => run.fabHash === fabHash && !isFinished(run.state));
    return Promise.resolve(run !== undefined);
  }

  withDueTime(): Promise<RunRecord[]> {
    const runs = [...this.#map.byId.values()];
    return Promise.resolve(runs.filter(({ dueAt }) => dueAt !== undefined));
  }

  withoutDueTime(): Promise<RunRecord[]> {
    const runs = [...this.#map.byId.values()];
    return Promise.resolve(
      runs.filter(({ state, dueAt }) => state === "running" && dueAt === undefined),
    );
  }

  finished(): Promise<FinishedRuns> {
    const finished = this.#map.byId.values().filter(({ state }) => isFinished(state));
    return Promise.resolve(finished.reduce<FinishedRuns>(
      (sum, run) => ({
        runs: sum.runs + 1,
        logBytes: sum.logBytes + (run.logBytes ?? 0),
        artifactBytes: sum.artifactBytes + (run.artifactBytes ?? 0),
      }),
      { runs: 0, logBytes: 0, artifactBytes: 0 },
    ));
  }

  firstFinished(having?: RemovableRunData): Promise<RunRecord | undefined> {
    let first: RunRecord | undefined;
    for (const run of this.#map.byId.values()) {
      if (!isFinished(run.state)) continue;
      if (having === "log" && !run.logBytes) continue;
      if (having === "artifacts" && !run.artifactBytes) continue;
      const later = first === undefined ? -1 : run.finishedAt! - first.finishedAt!;
      if (later < 0 || later === 0 && this.#place(run) < this.#place(first!)) first = run;
    }
    return Promise.resolve(first);
  }

  due(now: number, limit: number): Promise<RunRecord[]> {
    return Promise.resolve(mostUrgent(this.#map.byId.values(), now, limit));
  }

  put(run: RunRecord): Promise<void> {
    const before = this.#map.byId.get(run.runId)?.tokenHash;
    if (before !== undefined && before !== run.tokenHash) {
      this.#journal.delete(this.#map.idByToken, before);
    }
    if (!this.#map.byId.has(run.runId)) {
      this.#journal.set(this.#map.places, run.runId, ++this.#map.arrivals);
    }
    this.#journal.set(this.#map.byId, run.runId, run);
    if (run.tokenHash !== undefined) {
      this.#journal.set(this.#map.idByToken, run.tokenHash, run.runId);
    }
    return Promise.resolve();
  }

  remove(runId: bigint): Promise<void> {
    const token = this.#map.byId.get(runId)?.tokenHash;
    if (token !== undefined) this.#journal.delete(this.#map.idByToken, token);
    this.#journal.delete(this.#map.byId, runId);
    this.#journal.delete(this.#map.places, runId);
    return Promise.resolve();
  }

  addTraffic(runId: bigint, traffic: Traffic, results = 0): Promise<void> {
    const run = this.#map.byId.get(runId);
    if (run === undefined) return Promise.resolve();
    return this.put({
      ...run,
      bytesSent: run.bytesSent + traffic.bytesSent,
      bytesReceived: run.bytesReceived + traffic.bytesReceived,
      clientAppSeconds: run.clientAppSeconds + traffic.clientAppSeconds,
      ...(run.results !== undefined && { results: run.results + results }),
    });
  }

  addError(runId: bigint, { nodeId, reason }: ReplyError): Promise<void> {
    const run = this.#map.byId.get(runId);
    if (run?.errors === undefined) return Promise.resolve();
    const errors = run.errors + 1;
    return this.put({ ...run, errors, lastErrorNodeId: nodeId, lastError: reason });
  }

  runBy(serverId: bigint): Promise<RunRecord[]> {
    const runs = [...this.#map.byId.values()];
    return Promise.resolve(
      runs.filter((run) => run.state === "running" && run.serverId === serverId),
    );
  }

  #place({ runId }: RunRecord): number {
    return this.#map.places.get(runId)!;
  }

  #find(wanted: (run: RunRecord) => boolean): RunRecord | undefined {
    return this.#map.byId.values().find(wanted);
  }
}

/** {@link FabTable} in memory, for one transaction. */
export class MemoryFabs implements FabTable {
  readonly #fabs: Map<string, Uint8Array>;
  readonly #journal: Journal;

  constructor(fabs: Map<string, Uint8Array>, journal: Journal) {
    this.#fabs = fabs;
    this.#journal = journal;
  }

  has(hash: string): Promise<boolean> {
    return Promise.resolve(this.#fabs.has(hash));
  }

  get(hash: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#fabs.get(hash));
  }

  add(hash: string, content: Uint8Array): Promise<void> {
    this.#journal.set(this.#fabs, hash, content);
    return Promise.resolve();
  }

  remove(hash: string): Promise<void> {
    if (this.#fabs.has(hash)) this.#journal.delete(this.#fabs, hash);
    return Promise.resolve();
  }
}
