import { join } from "node:path";
import { type Clock, systemClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { UsageError } from "../../../flags/values.ts";
import type { Engine, PlacedWorkers, WorkerCounts, WorkerOrder } from "./engine.ts";
import { type RunTool, runTool } from "./run_tool.ts";
import { shellLine } from "../../../flags/shell_line.ts";

/** Bytes of the end of a log that an error shows. */
const SHOWN_BYTES = 2000;

/** Options of sbatch that would submit something else, print something else, or hide the job's name. */
const OWN = ["array", "job-name", "output", "parsable", "test-only", "wait", "wrap"] as const;

/** Short forms of those. */
const OWN_SHORT = "aJoW";

/** Short forms of sbatch's options without a value. Further options may follow in the same word. */
const WITHOUT_VALUE = "EHhIkOQsuVv";

/** Attempts to cancel a job that sbatch may still submit, and seconds between two of them. */
const CANCEL_ATTEMPTS = 3;
const CANCEL_SECONDS = 2;

/** Options of {@link SlurmEngine}. */
export interface SlurmOptions {
  /** Further options of sbatch, such as `--partition=long`. */
  readonly sbatchOptions?: readonly string[];
  /** Default: {@link runTool}. */
  readonly tool?: RunTool;
  readonly clock?: Clock;
}

/**
 * Places workers by Slurm, as one job array, with its commands: sites often do not run its REST service, and the
 * schema of its JSON output changes with each release (seen with 22.05).
 */
export class SlurmEngine implements Engine {
  readonly #tool: RunTool;
  readonly #options: readonly string[];
  readonly #clock: Clock;

  /** @throws UsageError for an invalid option, or one that this command sets itself */
  constructor({ sbatchOptions = [], tool = runTool, clock = systemClock }: SlurmOptions = {}) {
    for (const option of sbatchOptions) requireFree(option);
    this.#tool = tool;
    this.#options = sbatchOptions;
    this.#clock = clock;
  }

  async check(): Promise<void> {
    const { success, complaint } = await this.#tool("squeue", ["--noheader", "--jobs=0"]);
    // Slurm answers that it has no such job: it can be reached.
    if (success || /invalid job id/i.test(complaint)) return;
    throw new FlwrError("unavailable", `--engine: Slurm cannot be reached: ${complaint}`, {
      hints: ["Check that Slurm runs: sinfo"],
    });
  }

  async place({ runId, words, count, cpus, gpus, folder }: WorkerOrder): Promise<PlacedWorkers> {
    if (folder.includes("\\")) {
      throw new FlwrError(
        "failed-precondition",
        `Slurm cannot write the workers' output to "${folder}": in a path with a backslash it fills in no numbers`,
        { hints: ["Choose another folder for ~/.flwr: FLWR_HOME"] },
      );
    }
    const script = join(folder, `${runId}.sh`);
    // `exec`, because a shell would pass a signal on only between two commands.
    await Deno.writeTextFile(script, `#!/bin/sh\nexec ${shellLine(words)}\n`, { mode: 0o600 });
    const logs = Array.from({ length: count }, (_, n) => join(folder, `${runId}-${n}.log`));
    const name = `flwr-${runId}`;
    const output = await this.#tool("sbatch", [
      "--parsable",
      `--job-name=${name}`,
      `--array=0-${count - 1}`,
      "--ntasks=1",
      `--cpus-per-task=${cpus}`,
      ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
      // Nodes of a worker that is gone are handed to the others, so that none has to come back.
      "--no-requeue",
      `--output=${join(folder, `${runId}`).replaceAll("%", "%%")}-%a.log`,
      ...this.#options,
      script,
    ]).catch(async (error) => {
      await this.#cancelByName(name);
      throw error;
    });
    const { success, stdout, complaint } = output;
    const [, id] = /^(\d+)(?:;.*)?$/m.exec(stdout) ?? [];
    if (!success || id === undefined) {
      // It may have been accepted: only its id is missing.
      if (success) await this.#cancelByName(name);
      throw new FlwrError(
        "failed-precondition",
        `sbatch refused the workers: ${complaint || stdout}`,
        {
          hints: ["Give sbatch what your site needs, for example --engine-option=--partition=long"],
        },
      );
    }
    return new SlurmJob(id, count, logs, this.#tool);
  }

  /**
   * Cancels a job without an id. Slurm may still accept what an sbatch has sent that took too long: several attempts.
   * A failure leaves workers that end by themselves, because their run is over.
   */
  async #cancelByName(name: string): Promise<void> {
    for (let attempt = 0; attempt < CANCEL_ATTEMPTS; attempt++) {
      if (attempt > 0) await this.#clock.sleep(CANCEL_SECONDS);
      const cancelled = await this.#tool("scancel", ["--quiet", `--name=${name}`])
        .catch(() => undefined);
      // Without Slurm's commands there is nothing to cancel, and a Slurm that does not answer takes 30 s each time.
      if (cancelled === undefined) return;
    }
  }
}

/** A job array of Slurm. */
class SlurmJob implements PlacedWorkers {
  readonly name: string;
  readonly toCancel: string;

  constructor(
    readonly id: string,
    readonly count: number,
    readonly logs: readonly string[],
    readonly tool: RunTool,
  ) {
    this.name = `Slurm job ${id}`;
    this.toCancel = `scancel ${id}`;
  }

  async counts(): Promise<WorkerCounts> {
    const { success, stdout, complaint } = await this.tool(
      "squeue",
      ["--noheader", "--array", `--jobs=${this.id}`, "--format=%T|%r"],
    );
    if (!success) {
      // A job that ended some minutes ago (MinJobAge) is not known any more.
      if (/invalid job id/i.test(complaint)) return this.#countsOf([]);
      throw new FlwrError("unavailable", `squeue: ${complaint}`);
    }
    return this.#countsOf(stdout.split("\n").filter((line) => line !== ""));
  }

  #countsOf(lines: readonly string[]): WorkerCounts {
    const tasks = lines.map((line) => line.split("|"));
    const pending = tasks.filter(([state]) => state === "PENDING");
    // COMPLETING: the worker has ended, and Slurm clears up.
    const running = tasks.filter(([state]) => state !== "PENDING" && state !== "COMPLETING").length;
    return {
      pending: pending.length,
      running,
      ended: this.count - pending.length - running,
      reason: pending.map(([, reason = ""]) => reason).find((reason) => reason !== "None") ?? "",
    };
  }

  async cancel(): Promise<void> {
    await this.tool("scancel", ["--quiet", this.id]);
  }

  async output(): Promise<string> {
    const texts = await Promise.all(this.logs.map((file) => endOfFile(file)));
    return texts.find((text) => text !== "") ?? "";
  }
}

function requireFree(option: string): void {
  // A word that is not an option would be the script that is run.
  const problem = !/^-./.test(option)
    ? "is not an option: it must begin with a dash, and have its value behind ="
    : isOwn(option)
    ? "is set by flwr itself"
    : undefined;
  if (problem === undefined) return;
  throw new UsageError("invalid-argument", `--engine-option: "${option}" ${problem}`, {
    hints: ["Give an option of sbatch, for example --engine-option=--partition=long"],
  });
}

/** Whether an option is one of flwr's. sbatch also takes the first letters of a long option for it. */
function isOwn(option: string): boolean {
  if (option.startsWith("--")) {
    const [name] = option.slice(2).split("=");
    return OWN.some((own) => own.startsWith(name!));
  }
  for (const letter of option.slice(1)) {
    if (OWN_SHORT.includes(letter)) return true;
    if (!WITHOUT_VALUE.includes(letter)) return false;
  }
  return false;
}

/** The end of a text file. Empty for one that does not exist. */
async function endOfFile(file: string): Promise<string> {
  try {
    using open = await Deno.open(file);
    const { size } = await open.stat();
    await open.seek(-Math.min(size, SHOWN_BYTES), Deno.SeekMode.End);
    return (await new Response(open.readable).text()).trim();
  } catch {
    return "";
  }
}
