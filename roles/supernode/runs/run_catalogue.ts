import type { FleetConnection, RunInfo } from "../../../app/connection.ts";
import type { RunId } from "../../../entities/metadata.ts";
import { FlwrError } from "../../../base/error.ts";
import { RecentMap } from "../../../base/recent_map.ts";
import type { AppSource } from "./app_source.ts";
import type { NodeRuns, PreparedRun } from "./prepared_run.ts";
import { MAX_KEPT_RUNS, stateKey } from "./run_states.ts";

/** A prepared run, and the SuperLink's information about it. */
interface Entry {
  readonly info: RunInfo | undefined;
  readonly run: PreparedRun;
}

/** Catalogue of the runs that have sent messages to this node. Each is fetched from the SuperLink once. */
export class RunCatalogue implements NodeRuns {
  readonly #connection: Pick<FleetConnection, "run">;
  readonly #apps: AppSource;
  readonly #entries = new RecentMap<RunId, Promise<Entry>>(MAX_KEPT_RUNS);

  constructor(connection: Pick<FleetConnection, "run">, apps: AppSource) {
    this.#connection = connection;
    this.#apps = apps;
  }

  async prepare(runId: RunId): Promise<PreparedRun> {
    const entry = this.#entries.get(runId) ?? this.#make(runId);
    this.#entries.set(runId, entry);
    try {
      return (await entry).run;
    } catch (error) {
      // The next message tries again.
      if (this.#entries.peek(runId) === entry) this.#entries.delete(runId);
      throw error;
    }
  }

  async isOver(runId: RunId): Promise<boolean> {
    const info = (await this.#entries.peek(runId)?.catch(() => undefined))?.info;
    if (info === undefined) return false;
    try {
      return await this.#connection.run(runId) === undefined;
    } catch (error) {
      if (FlwrError.from(error).code === "permission-denied") return true;
      throw error;
    }
  }

  async #make(runId: RunId): Promise<Entry> {
    const info = await this.#connection.run(runId);
    const { handler, runConfig } = await this.#apps.appFor(info);
    const run: PreparedRun = {
      runConfig,
      stateKey: stateKey(runId, info?.seriesId),
      handle: (message, context, signal) => handler.handle(message, context, signal),
    };
    return { info, run };
  }
}
