import { basename, dirname, join } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { flwrHome } from "../../fab/home.ts";
import { rayFolderVariables } from "./ray_folder.ts";
import { type ProgramEnd, runProgram } from "./run_program.ts";

/** Options for one of Flower's own programs that runs an app for one task. */
export interface PythonProcessOptions {
  /** Path of `flwr-serverapp`, `flwr-clientapp` or `flwr-simulation`. */
  readonly program: string;
  /** `PATH` for it. */
  readonly path: string;
  /** "host:port" of the Runtime API, for a process on this machine. */
  readonly runtimeAddress: string;
  /** The token of the task to run. */
  readonly token: string;
  /** File with the root certificate of the API. Undefined without TLS. */
  readonly authorityFile?: string;
  /** Whether the app may install packages. */
  readonly installDependencies: boolean;
  /** Whether the program starts Ray (default: no). Ray's files are removed with the process. */
  readonly startsRay?: boolean;
  /** Ends the process and its child processes. */
  readonly signal: AbortSignal;
  /** Called with each line of its output. */
  readonly onLine?: (line: string) => void;
}

/** The first Flower version whose programs accept the options below. */
const OLDEST_VERSION = "1.36";
/** Exit status of Python's argparse for unknown options. */
const USAGE_STATUS = 2;

/**
 * Runs one of Flower's own programs for one task, with the arguments that Flower's SuperExec uses (contract, section 1).
 *
 * @throws FlwrError "failed-precondition" when the program cannot be started, or its Flower is too old
 */
export async function runPythonProcess(options: PythonProcessOptions): Promise<ProgramEnd> {
  // The token goes into a file that only this user can read, because every user can see a process' arguments.
  const folder = await Deno.makeTempDir({ prefix: "flwr-app-" });
  const home = join(flwrHome(), "processes", crypto.randomUUID());
  try {
    const tokenFile = join(folder, "token");
    await Deno.writeTextFile(tokenFile, options.token, { mode: 0o600, createNew: true });
    const variables = options.startsRay ? await rayFolderVariables(folder) : {};
    const end = await start({ tokenFile, home, variables }, options);
    if (end.code === USAGE_STATUS && /^usage: flwr-/m.test(end.output)) {
      throw tooOld(options.program);
    }
    return end;
  } finally {
    // Killed processes may still write for a moment. The token is removed in any case.
    await Deno.remove(join(folder, "token")).catch(() => {});
    await removeFolder(folder);
    await removeFolder(home);
  }
}

/** How often a folder is removed in which something is still written. */
const REMOVALS = 10;
/** Seconds between two removals. */
const REMOVAL_SECONDS = 0.1;

/** Removes a folder with all that is in it, if it exists. Gives up after a second: it is one for temporary files. */
async function removeFolder(folder: string): Promise<void> {
  for (let attempt = 1; attempt <= REMOVALS; attempt++) {
    if (attempt > 1) await systemClock.sleep(REMOVAL_SECONDS);
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
    }
  }
}

async function start(
  { tokenFile, home, variables }: {
    readonly tokenFile: string;
    readonly home: string;
    readonly variables: Readonly<Record<string, string>>;
  },
  { program, path, runtimeAddress, authorityFile, installDependencies, signal, onLine }:
    PythonProcessOptions,
): Promise<ProgramEnd> {
  try {
    return await runProgram({
      program,
      args: [
        ...["--runtime-api-address", runtimeAddress, "--token-file", tokenFile],
        ...(authorityFile === undefined ? ["--insecure"] : ["--root-certificates", authorityFile]),
        ...["--parent-pid", String(Deno.pid)],
        ...(installDependencies ? ["--allow-runtime-dependency-installation"] : []),
      ],
      env: {
        FLWR_TELEMETRY_ENABLED: "0",
        FLWR_DISABLE_UPDATE_CHECK: "1",
        PYTHONUNBUFFERED: "1",
        ...variables,
        PATH: path,
        // Flower's programs install the run's bundle there, and one could read files that another is still writing. If
        // apps may install packages, all share one folder, so that each package is installed once.
        ...(!installDependencies && { FLWR_HOME: home }),
      },
      signal,
      onLine,
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FlwrError("failed-precondition", `"${program}" cannot be started: ${why}`, { cause });
  }
}

function tooOld(program: string): FlwrError {
  return new FlwrError(
    "failed-precondition",
    // Without the path, because this text goes into a node's error reply.
    `${basename(program)} is too old: Python apps need Flower ${OLDEST_VERSION} or later`,
    { hints: [`Upgrade it: ${join(dirname(program), "python")} -m pip install --upgrade flwr`] },
  );
}

/** The way a process ended, as text: "with status 3" or "by SIGKILL". */
export function describeEnd({ code, signal }: ProgramEnd): string {
  return signal === undefined ? `with status ${code}` : `by ${signal}`;
}

/** The last line of a process' output, which names the error after a crash. Empty if there was no output. */
export function lastLine({ output }: ProgramEnd): string {
  return output.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
