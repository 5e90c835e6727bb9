import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import type { RunConfig } from "../../../fab/scalar.ts";
import type { Link } from "../../../link/link.ts";
import type { ClaimedRun, LinkRun } from "../../../entities/run.ts";
import { taskTokenHeaders } from "../../../rpc/dialects/current/server/task_authentication.ts";
import type { ServiceBinding } from "../../../rpc/service.ts";
import type { RunEnd } from "../../../hosting/launch/program.ts";
import type { RunInput, RunSource, TakenRun } from "../../../hosting/launch/run_source.ts";

/** Seconds that the launcher's question for pending runs is held. */
const CLAIM_HOLD_SECONDS = 20;

/** Seconds between two heartbeats of a run that is run here: a quarter of the 60 that a run may be silent. */
export const HEARTBEAT_SECONDS = 15;

/** What launching needs of the SuperLink's domain. */
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
  >;
}

/** With what a SuperLink's own runs are taken on. */
export interface LinkRunsOptions {
  readonly link: LaunchLink;
  /** The Runtime API, which the apps call. */
  readonly runtime: ServiceBinding;
  readonly clock: Clock;
}

/** The runs that are submitted to the SuperLink of this process, the oldest first. */
export class LinkRuns implements RunSource {
  readonly #options: LinkRunsOptions;

  constructor(options: LinkRunsOptions) {
    this.#options = options;
  }

  async take(signal: AbortSignal): Promise<TakenRun | undefined> {
    const claimed = await this.#options.link.runs.claim({
      holdSeconds: CLAIM_HOLD_SECONDS,
      signal,
    });
    return claimed && new LinkTakenRun(claimed, this.#options);
  }
}

class LinkTakenRun implements TakenRun {
  readonly runId: bigint;
  readonly token: string;
  readonly callHeaders: Readonly<Record<string, string>>;
  readonly runtime: ServiceBinding;
  readonly #run: LinkRun;
  readonly #link: LaunchLink;
  readonly #clock: Clock;

  constructor({ run, token }: ClaimedRun, { link, runtime, clock }: LinkRunsOptions) {
    this.runId = run.runId;
    this.token = token;
    this.callHeaders = taskTokenHeaders(token);
    this.runtime = runtime;
    this.#run = run;
    this.#link = link;
    this.#clock = clock;
  }

  async load(): Promise<RunInput> {
    const { fabHash } = this.#run;
    const fab = await this.#link.runs.getFab(fabHash);
    if (fab !== undefined) {
      return {
        fab,
        overrideConfig: settings(this.#run),
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
    // Whether it had begun or not.
    else await this.#link.runs.fail(this.runId, end.details);
  }

  async isOver(): Promise<boolean> {
    const { state } = await this.#link.runs.get(this.runId) ?? {};
    return state === undefined || state.startsWith("finished");
  }

  /** Heartbeats, which also hear of the run's end where nobody tells. */
  async keep(signal: AbortSignal): Promise<boolean> {
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

  /** Nothing of a run is kept here. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Settings given at submission. Nothing that submits can say bytes there. */
function settings({ overrideConfig }: LinkRun): RunConfig {
  return Object.fromEntries(
    Object.entries(overrideConfig).map(([name, value]) => {
      if (!(value instanceof Uint8Array)) return [name, value];
      throw new FlwrError(
        "invalid-argument",
        `Setting "${name}" of the run is bytes, which an app cannot read`,
      );
    }),
  );
}

function report(error: unknown): void {
  const { code, message } = FlwrError.from(error);
  if (code !== "unavailable") log("superlink").error("A heartbeat failed: {message}", { message });
}

/** Runs that are looked at together. */
const PAGE = 200;

/**
 * Fails the runs that an earlier SuperLink on the same database was running: their ServerApps died with it. Those that
 * were claimed and had not begun are pending again once their claim is over; those that a user started by hand go on.
 *
 * @param startedAt Unix time in seconds; runs that began later are this SuperLink's own
 */
export async function settleLeftovers(
  link: { readonly runs: Pick<Link["runs"], "fail" | "list"> },
  startedAt: number,
): Promise<void> {
  for (let skip = 0;; skip += PAGE) {
    const runs = await link.runs.list({ limit: PAGE, skip });
    for (const { runId, state, fabHash, runningAt = 0 } of runs) {
      if (state !== "running" || fabHash === "" || runningAt >= startedAt) continue;
      await link.runs.fail(runId, "The SuperLink was restarted while the run was in flight");
    }
    if (runs.length < PAGE) return;
  }
}
