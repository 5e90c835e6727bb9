import { FlwrError } from "../../../base/error.ts";
import { counted } from "../../../base/readable.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { exitStatusOf } from "../../flags/exit_status.ts";
import { onShutdown } from "../../flags/shutdown.ts";
import { printFailure, printJson } from "../../output/failure.ts";
import { printLine, printMessage } from "../../output/print_line.ts";
import { stdoutScreen } from "../../output/screen.ts";
import { chooseSuperLink } from "../config/choose_superlink.ts";
import type { SuperLinkConnection } from "../config/connection.ts";
import type { SimulationSettings } from "../config/simulation_settings.ts";
import { explainControlError } from "../config/explain_control_error.ts";
import { withControl } from "../config/with_control.ts";
import { sendAttachments } from "../run/send_attachments.ts";
import { checkAppTypes, whereOf } from "../run/submit.ts";
import type { SweepFlags } from "./flags.ts";
import { groupsCsv, runsCsv } from "./csv.ts";
import { pick, type Settings, settingsText } from "./grid.ts";
import { errorOf } from "./error_of.ts";
import { type Plan, plannedRuns, planSweep } from "./plan.ts";
import { type FinishedRun, type Results, resultsJson, resultsOf } from "./results.ts";
import { runAll } from "./run_all.ts";
import { type Share, shareCores } from "./share_cores.ts";
import { SweepFolder } from "./sweep_folder.ts";
import { finishRun, type PlannedRun } from "./sweep_runs.ts";
import { resultLines, summaryLines } from "./table.ts";

/** The federation of a SuperLink whose user names none. */
const DEFAULT_FEDERATION = "@none/default";

/** Codes of a SuperLink that does not tell the settings of its federation. */
const UNTOLD: ReadonlySet<string> = new Set(["not-found", "permission-denied", "unimplemented"]);

/**
 * Runs an app once for each combination of settings, and prints the results as a table, or as one JSON object.
 *
 * @throws FlwrError naming the fault; "failed-precondition" if a run did not complete; "cancelled" after Ctrl-C
 */
export async function sweep(
  folder: string,
  superlink: string | undefined,
  flags: SweepFlags,
): Promise<void> {
  let ended: Ended;
  try {
    ended = await runSweep(folder, superlink, flags);
  } catch (error) {
    if (flags.format === "json") printFailure(FlwrError.from(error).message);
    throw error;
  }
  const { results, error } = ended;
  if (flags.format === "json") {
    printJson({
      success: error === undefined,
      ...(error && { "error-message": error.message }),
      ...ended.json,
      "exit-status": error === undefined ? 0 : exitStatusOf(error),
    });
  } else {
    if (results.runs.some(({ finished }) => finished !== undefined)) {
      for (const line of resultLines(results, stdoutScreen())) printLine(line);
    }
    for (const line of summaryLines(results.runs)) printMessage(line);
    if (ended.folder !== undefined) printMessage(`All results are in ${ended.folder}`);
  }
  if (error !== undefined) throw error;
}

/** A sweep that came to its end, or was stopped after some runs. */
interface Ended {
  readonly results: Results;
  readonly json: Record<string, unknown>;
  /** Undefined if no run was started. */
  readonly folder: string | undefined;
  /** Why the command fails. */
  readonly error: FlwrError | undefined;
}

async function runSweep(
  folder: string,
  superlink: string | undefined,
  flags: SweepFlags,
): Promise<Ended> {
  const plan = await planSweep(folder, flags);
  using resumed = flags.resume === undefined ? undefined : await SweepFolder.open(flags.resume);
  if (flags.check) await checkAppTypes(folder, plan.fab);
  const connection = await chooseSuperLink(superlink, flags);
  const session = new SweepSession(plan, connection, flags, resumed);
  using shutdown = onShutdown();
  try {
    await session.run(shutdown.signal);
    return await session.end(shutdown.signal, whereOf(superlink, flags));
  } finally {
    session[Symbol.dispose]();
  }
}

/** The runs of one call of the command. */
class SweepSession implements Disposable {
  readonly #plan: Plan;
  readonly #connection: SuperLinkConnection;
  readonly #flags: SweepFlags;
  /** Known once the SuperLink was asked for the federation's settings. */
  #runs: readonly PlannedRun[] = [];
  readonly #finished = new Map<string, FinishedRun>();
  readonly #failing = new AbortController();
  readonly #resumed: SweepFolder | undefined;
  #folder: Promise<SweepFolder> | undefined;
  #failure: unknown;

  constructor(
    plan: Plan,
    connection: SuperLinkConnection,
    flags: SweepFlags,
    resumed: SweepFolder | undefined,
  ) {
    this.#plan = plan;
    this.#connection = connection;
    this.#flags = flags;
    this.#resumed = resumed;
    if (resumed !== undefined) this.#folder = Promise.resolve(resumed);
  }

  /** Runs what is not finished. An error that ends the sweep early is kept for {@link end}. */
  async run(stopped: AbortSignal): Promise<void> {
    await withControl(this.#connection, async (control) => {
      // The first call decides on the protocol.
      await control.listRuns({ limit: 1 });
      const settings = await this.#settingsOf(control);
      const left = this.#planRuns(settings);
      if (left.length === 0) return;
      await sendAttachments(control, this.#plan.fab.attachments);
      const { cores, parallel } = this.#share(left.length, settings);
      this.#tell(
        `${counted(left.length, "run")}, ${parallel} at a time` +
          (cores === undefined ? "" : `, each with ${counted(cores, "core")}`),
      );
      const { fab, nodeTable } = this.#plan;
      const given = this.#plan.simulation;
      const simulation = cores === undefined ? given : { ...given, initArgsNumCpus: cores };
      const federation = this.#federation;
      const signal = AbortSignal.any([stopped, this.#failing.signal]);
      const context = {
        control,
        connection: this.#connection,
        submission: {
          fab,
          ...(federation !== undefined && { federation }),
          ...(simulation && { simulation }),
          ...(nodeTable && { nodeTable }),
        },
        folderOf: (firstRun: bigint) => this.#folderOf(firstRun),
        resumed: this.#resumed,
        signal,
      };
      // An error from here on must not start the work again, over another protocol.
      await runAll(left, { parallel, signal }, async (run) => {
        const finished = await finishRun(run, context);
        if (finished !== undefined) this.#report(run, finished);
      }).catch((error) => this.#failure = explainControlError(error, this.#connection));
    });
  }

  /** Writes the results. @param where command line words that select the SuperLink */
  async end(stopped: AbortSignal, where: string): Promise<Ended> {
    const { metric, mode, output } = this.#flags;
    const runs = this.#runs.map(({ settings, fingerprint }) => ({
      settings,
      finished: this.#finished.get(fingerprint),
    }));
    const results = resultsOf(this.#plan.grid, runs, { metric, mode });
    // Without a folder, the error is known already.
    const folder = await this.#folder?.catch(() => undefined);
    const json = {
      app: {
        "fab-id": this.#plan.fab.config.fabId,
        "fab-version": this.#plan.fab.config.version,
        "fab-hash": this.#plan.fab.hash,
      },
      ...(folder !== undefined && { folder: folder.path }),
      ...resultsJson(results),
    };
    const text = `${JSON.stringify(json, undefined, 2)}\n`;
    if (folder !== undefined) {
      await folder.save("results.json", text);
      await folder.save("results.csv", groupsCsv(results));
      await folder.save("runs.csv", runsCsv(results));
    }
    if (output !== undefined) {
      await writeOutput(output, output.endsWith(".csv") ? groupsCsv(results) : text);
    }
    return {
      results,
      json,
      folder: folder?.path,
      error: errorOf(results, {
        failure: this.#failure,
        isStopped: stopped.aborted,
        metric,
        where,
        folder: folder?.path,
      }),
    };
  }

  [Symbol.dispose](): void {
    // A folder that is continued belongs to the caller.
    if (this.#resumed === undefined) {
      void this.#folder?.then((folder) => folder[Symbol.dispose](), () => {});
    }
  }

  get #federation(): string | undefined {
    return this.#flags.federation ?? this.#connection.federation;
  }

  /** Plans the runs. @returns those that have not completed earlier */
  #planRuns(settings: SimulationSettings): PlannedRun[] {
    const where = `${this.#connection.address} ${this.#federation ?? ""}`;
    this.#runs = plannedRuns(this.#plan, where, settings);
    for (const { fingerprint } of this.#runs) {
      const known = this.#resumed?.run(fingerprint);
      if (known?.status === "completed" || known?.status === "incomplete") {
        this.#finished.set(fingerprint, known);
      }
    }
    const left = this.#runs.filter(({ fingerprint }) => !this.#finished.has(fingerprint));
    const done = this.#runs.length - left.length;
    if (done > 0) this.#tell(`${counted(done, "run")} completed earlier`);
    return left;
  }

  /** How many runs there are at once. */
  #share(runs: number, settings: SimulationSettings): Share {
    const isLocal = this.#connection.local !== undefined;
    return shareCores({
      runs,
      parallel: this.#flags.parallel,
      cores: isLocal ? navigator.hardwareConcurrency : undefined,
      simulation: { ...settings, ...this.#plan.simulation },
    });
  }

  /** The lasting settings of the federation. Other SuperLinks than ours may not tell them. */
  async #settingsOf(control: ControlClient): Promise<SimulationSettings> {
    const name = this.#federation ?? DEFAULT_FEDERATION;
    const shown = await control.showFederation(name).catch((error) => {
      if (UNTOLD.has(FlwrError.from(error).code)) return undefined;
      throw error;
    });
    return shown?.federation.settings ?? {};
  }

  #folderOf(firstRun: bigint): Promise<SweepFolder> {
    this.#folder ??= SweepFolder.create(`sweep-${firstRun}`);
    return this.#folder;
  }

  #report({ settings, fingerprint }: PlannedRun, finished: FinishedRun): void {
    this.#finished.set(fingerprint, finished);
    const { status, error, seconds, runId } = finished;
    const place = `[${this.#finished.size}/${this.#runs.length}]`;
    const took = `in ${seconds.toFixed(1)} s`;
    this.#tell(
      `${place} ${this.#labelOf(settings)}: ${status} ${took}` +
        (error === "" ? "" : `, run ${runId}: ${error}`),
    );
    const failed = status === "failed" || status === "stopped";
    if (failed && this.#flags.failFast) this.#failing.abort();
  }

  /** The settings in which the runs differ. */
  #labelOf(settings: Settings): string {
    return settingsText(pick(settings, this.#plan.grid.swept)) || "run";
  }

  #tell(line: string): void {
    if (this.#flags.format !== "json") printMessage(line);
  }
}

async function writeOutput(file: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(file, text);
  } catch (cause) {
    throw new FlwrError("failed-precondition", `--output: cannot write file "${file}"`, { cause });
  }
}
