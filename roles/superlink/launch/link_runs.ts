import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import type { RunConfig } from "../../../fab/scalar.ts";
import type { Link } from "../../../link/link.ts";
import type { ClaimedRun, LinkRun } from "../../../entities/run.ts";
import {
  NO_FAULTS,
  SIMULATION_DEFAULTS,
  type SimulationSettings,
} from "../../../entities/simulation.ts";
import { taskTokenHeaders } from "../../../rpc/dialects/current/server/task_authentication.ts";
import { joinServices, type ServiceBinding } from "../../../rpc/service.ts";
import type { RunEnd } from "../../../hosting/launch/program.ts";
import type {
  RunClaim,
  RunInput,
  RunSimulation,
  RunSource,
} from "../../../hosting/launch/run_source.ts";

/** Seconds for which a claim waits for a pending run. */
const CLAIM_HOLD_SECONDS = 20;

/** Seconds between two heartbeats of a claimed run: a quarter of the 60 after which the claim expires. */
export const HEARTBEAT_SECONDS = 15;

/** The part of the SuperLink's domain that launching uses. */
export interface LaunchLink {
  readonly runs: Pick<
    Link["runs"],
    | "appendLog"
    | "begin"
    | "claim"
    | "fail"
    | "finish"
    | "getFab"
    | "getFabPiece"
    | "get"
    | "heartbeat"
    | "interrupt"
    | "nodeSettings"
  >;
}

/** Options of {@link LinkRuns}. */
export interface LinkRunsOptions {
  readonly link: LaunchLink;
  /** Whether the domain's state outlives this process. If not, an interrupted run fails. */
  readonly isLasting: boolean;
  /** Whether other SuperLinks continue the runs that this one interrupts, and serve their nodes meanwhile (default: false). */
  readonly isShared?: boolean;
  /** The Runtime API that the apps call. */
  readonly runtime: ServiceBinding;
  /** The service by which a run hands out the work of its nodes to simulation workers (default: no run can). */
  readonly nodeWorkOf?: (runId: bigint) => ServiceBinding;
  readonly clock: Clock;
}

/** Pending runs of the SuperLink in this process, the oldest first. */
export class LinkRuns implements RunSource {
  readonly #options: LinkRunsOptions;

  constructor(options: LinkRunsOptions) {
    this.#options = options;
  }

  async claim(signal: AbortSignal): Promise<RunClaim | undefined> {
    const claimed = await this.#options.link.runs.claim({
      holdSeconds: CLAIM_HOLD_SECONDS,
      signal,
      isBeside: true,
    });
    return claimed && new LinkRunClaim(claimed, this.#options);
  }
}

class LinkRunClaim implements RunClaim {
  readonly runId: bigint;
  readonly token: string;
  readonly callHeaders: Readonly<Record<string, string>>;
  readonly runtime: ServiceBinding;
  readonly waitsForCheckpoint: boolean;
  readonly #run: LinkRun;
  readonly #link: LaunchLink;
  readonly #clock: Clock;
  readonly #isLasting: boolean;

  constructor(
    { run, token }: ClaimedRun,
    { link, runtime, nodeWorkOf, clock, isLasting, isShared = false }: LinkRunsOptions,
  ) {
    this.runId = run.runId;
    this.token = token;
    this.callHeaders = taskTokenHeaders(token);
    const hasWorkers = run.simulation?.workersTokenHash !== undefined;
    this.runtime = hasWorkers && nodeWorkOf !== undefined
      ? joinServices(runtime, nodeWorkOf(run.runId))
      : runtime;
    // Workers on other machines can only reach this SuperLink, which takes no more calls.
    this.waitsForCheckpoint = isShared && !hasWorkers;
    this.#run = run;
    this.#link = link;
    this.#clock = clock;
    this.#isLasting = isLasting;
  }

  async load(): Promise<RunInput> {
    const { fabHash } = this.#run;
    const fab = await this.#link.runs.getFab(fabHash);
    if (fab !== undefined) {
      const { simulation } = this.#run;
      const nodeTable = simulation && await this.#link.runs.nodeSettings(this.runId);
      return {
        fab,
        overrideConfig: settings(this.#run),
        ...(simulation && { simulation: { ...simulationOf(simulation), nodeTable } }),
        piece: (hash) => this.#piece(fabHash, hash),
      };
    }
    throw new FlwrError("not-found", "The SuperLink no longer has the run's app bundle");
  }

  async #piece(fabHash: string, hash: string): Promise<Uint8Array> {
    const piece = await this.#link.runs.getFabPiece(fabHash, hash);
    if (piece !== undefined) return piece;
    throw new FlwrError(
      "not-found",
      "The SuperLink no longer has the attachments of the run's app",
    );
  }

  async begin(): Promise<void> {
    await this.#link.runs.begin(this.token);
  }

  log(lines: readonly string[]): Promise<void> {
    return this.#link.runs.appendLog(this.runId, lines);
  }

  async finish(end: RunEnd): Promise<void> {
    if (end.outcome === "completed") await this.#link.runs.finish(this.token, end);
    // `finish` needs a run that has begun; `fail` does not.
    else await this.#link.runs.fail(this.runId, end.details);
  }

  async interrupt(details: string): Promise<void> {
    const { state } = await this.#link.runs.get(this.runId) ?? {};
    // A run that has not begun is pending again when its claim expires.
    if (this.#isLasting && state === "running") {
      await this.#link.runs.interrupt(this.runId, details);
    } else if (!this.#isLasting) await this.#link.runs.fail(this.runId, details);
  }

  async isOver(): Promise<boolean> {
    const { state } = await this.#link.runs.get(this.runId) ?? {};
    return state === undefined || state.startsWith("finished");
  }

  /** Sends heartbeats. A refused one reports the run's end if no event did. */
  async keepAlive(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await this.#clock.sleep(HEARTBEAT_SECONDS, signal);
      if (signal.aborted) return true;
      const alive = await this.#link.runs.heartbeat(this.token).catch((error) => {
        report(error);
        return true;
      });
      if (!alive) return signal.aborted;
    }
  }

  /** Does nothing: the domain ends a claim with its run. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function simulationOf(settings: SimulationSettings): RunSimulation {
  const { numSupernodes, clientResourcesNumCpus, initArgsNumCpus, workersTokenHash } = settings;
  const { dropout, slow, slowSeconds, lie } = { ...NO_FAULTS, ...settings };
  return {
    faults: { dropout, slow, slowSeconds, lie },
    nodes: numSupernodes ?? SIMULATION_DEFAULTS.numSupernodes,
    cpusPerNode: clientResourcesNumCpus ?? SIMULATION_DEFAULTS.clientResourcesNumCpus,
    ...(initArgsNumCpus !== undefined && { cpus: initArgsNumCpus }),
    ...(workersTokenHash !== undefined && { elsewhere: true }),
  };
}

/** Settings from submission. No client can submit bytes as a setting. */
function settings({ overrideConfig }: LinkRun): RunConfig {
  return Object.fromEntries(
    Object.entries(overrideConfig).map(([name, value]) => {
      if (!(value instanceof Uint8Array)) return [name, value];
      throw new FlwrError(
        "invalid-argument",
        `Setting "${name}" of the run has type bytes, which an app cannot read`,
      );
    }),
  );
}

function report(error: unknown): void {
  const { code, message } = FlwrError.from(error);
  if (code !== "unavailable") log("superlink").error("A heartbeat failed: {message}", { message });
}

/** Number of runs to list at a time. */
const PAGE = 200;

/**
 * Resumes the runs that an earlier SuperLink on the same database was running, because their ServerApps ended with it.
 * Runs that cannot continue fail. Claimed runs that had not begun become pending again when their claim expires. Runs
 * that a user started by hand continue. Not for a database that SuperLinks share: there the domain does this when the
 * lease of a SuperLink has ended.
 *
 * @param startedAt Unix time in seconds. Runs that were claimed later belong to this SuperLink
 */
export async function resumeInterruptedRuns(
  link: { readonly runs: Pick<Link["runs"], "interrupt" | "list"> },
  startedAt: number,
): Promise<void> {
  for (let skip = 0;; skip += PAGE) {
    const runs = await link.runs.list({ limit: PAGE, skip });
    for (const { runId, state, fabHash, startingAt = 0 } of runs) {
      if (state !== "running" || fabHash === "" || startingAt >= startedAt) continue;
      await link.runs.interrupt(runId, "The SuperLink was restarted while the run was in flight");
    }
    if (runs.length < PAGE) return;
  }
}
