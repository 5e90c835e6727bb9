import { basename, dirname, join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { flwrHome } from "../../fab/home.ts";
import { type ProgramEnd, runProgram } from "./process_group.ts";

/** How a process of Flower's for one task is started. */
export interface AppProcessOptions {
  /** Path of `flwr-serverapp` or `flwr-clientapp`. */
  readonly program: string;
  /** `PATH` for it. */
  readonly path: string;
  /** "host:port" of the Runtime API, as a process on this machine reaches it. */
  readonly runtimeAddress: string;
  /** Which task it works on. */
  readonly token: string;
  /** File with the authority of the API's certificate; undefined without TLS. */
  readonly authorityFile?: string;
  /** Whether the app may install packages. */
  readonly installDependencies: boolean;
  /** Ends the process, and all that it started. */
  readonly signal: AbortSignal;
  /** Told of each line that it writes. */
  readonly onLine?: (line: string) => void;
}

/** The first Flower whose programs take the options below. */
const OLDEST_VERSION = "1.36";
/** How Python's argparse ends a program that was given options it does not know. */
const USAGE_STATUS = 2;

/**
 * Runs a process of Flower's for one task, as Flower's SuperExec starts it (contract, section 1).
 *
 * @returns how it ended
 * @throws FlwrError "failed-precondition" when it cannot be started, or is of a Flower that is too old
 */
export async function runAppProcess(options: AppProcessOptions): Promise<ProgramEnd> {
  // In a file that only this user can read: a process' arguments are seen by all.
  const folder = await Deno.makeTempDir({ prefix: "flwr-app-" });
  const home = join(flwrHome(), "processes", crypto.randomUUID());
  try {
    const tokenFile = join(folder, "token");
    await Deno.writeTextFile(tokenFile, options.token, { mode: 0o600, createNew: true });
    const end = await start(tokenFile, home, options);
    if (end.code === USAGE_STATUS && /^usage: flwr-/m.test(end.output)) {
      throw tooOld(options.program);
    }
    return end;
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(home, { recursive: true }).catch(() => {});
  }
}

async function start(
  tokenFile: string,
  home: string,
  { program, path, runtimeAddress, authorityFile, installDependencies, signal, onLine }:
    AppProcessOptions,
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
        PATH: path,
        // Flower's programs install the run's bundle there: one may read what another has not written yet. Packages that
        // an app may install are kept for all.
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
    // Without the path, which a node's error reply must not tell.
    `${
      basename(program)
    } is too old to run Python apps here: Flower ${OLDEST_VERSION} or later is needed`,
    { hints: [`Upgrade it: ${join(dirname(program), "python")} -m pip install --upgrade flwr`] },
  );
}

/** How a process ended: "with status 3", or "by SIGKILL". */
export function describeEnd({ code, signal }: ProgramEnd): string {
  return signal === undefined ? `with status ${code}` : `by ${signal}`;
}

/** The last line that a process wrote: what it died of, when it died; empty when it wrote nothing. */
export function lastLine({ output }: ProgramEnd): string {
  return output.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
