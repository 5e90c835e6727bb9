import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { findPythonCommand } from "./python_command.ts";
import { type ProgramEnd, runProgram } from "./process_group.ts";
import type { LaunchLink, RunEnd, RunProgram } from "./program.ts";

/** What Python ServerApps are run with. */
export interface PythonProgramOptions {
  readonly link: LaunchLink;
  /** As `--python` gives it; undefined: Flower is looked for on PATH. */
  readonly python?: string;
  /** "host:port" by which a process on this machine reaches the Runtime API; undefined where there is none. */
  readonly runtimeAddress?: string;
  /** File with the authority of the SuperLink's certificate; undefined without TLS. */
  readonly authorityFile?: string;
  /** Whether apps may install packages. */
  readonly installDependencies: boolean;
}

/** Lines of a failed program's output that go to the run's log. */
const LINES_SHOWN = 40;

/** Runs ServerApps that are written in Python, each in a process of Flower's own `flwr-serverapp`. */
export function pythonProgram(options: PythonProgramOptions): RunProgram {
  const { link, python, runtimeAddress } = options;
  return async ({ run: { runId }, token }, _fab, signal) => {
    if (runtimeAddress === undefined) {
      throw new FlwrError(
        "failed-precondition",
        "The app is written in Python, and needs the HTTP that this SuperLink was started without",
        { hints: ["Start the SuperLink with a --port"] },
      );
    }
    const { program, path } = await findPythonCommand(python);
    // In a file that only this user can read: a process' arguments are seen by all.
    const folder = await Deno.makeTempDir({ prefix: "flwr-serverapp-" });
    try {
      const tokenFile = join(folder, "token");
      await Deno.writeTextFile(tokenFile, token, { mode: 0o600, createNew: true });
      const end = await start(program, path, tokenFile, { ...options, runtimeAddress }, signal);
      if (signal.aborted) return undefined;
      const { state } = await link.getRun(runId) ?? {};
      if (state === undefined || state.startsWith("finished")) return undefined;
      await link.appendLog(runId, lastLines(end.output));
      return unfinished(end);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

async function start(
  program: string,
  path: string,
  tokenFile: string,
  options: PythonProgramOptions & { readonly runtimeAddress: string },
  signal: AbortSignal,
): Promise<ProgramEnd> {
  try {
    return await runProgram({
      program,
      args: [
        ...["--runtime-api-address", options.runtimeAddress, "--token-file", tokenFile],
        ...(options.authorityFile === undefined
          ? ["--insecure"]
          : ["--root-certificates", options.authorityFile]),
        ...["--parent-pid", String(Deno.pid)],
        ...(options.installDependencies ? ["--allow-runtime-dependency-installation"] : []),
      ],
      env: {
        FLWR_TELEMETRY_ENABLED: "0",
        FLWR_DISABLE_UPDATE_CHECK: "1",
        PYTHONUNBUFFERED: "1",
        PATH: path,
      },
      signal,
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FlwrError("failed-precondition", `"${program}" cannot be started: ${why}`, { cause });
  }
}

/** The end of a run whose process said nothing of it. */
function unfinished({ code, signal, output }: ProgramEnd): RunEnd {
  const how = signal === undefined ? `with status ${code}` : `by ${signal}`;
  const last = output.trimEnd().split("\n").at(-1)?.trim() ?? "";
  const words = last === "" ? "" : `: ${last}`;
  return { outcome: "failed", details: `flwr-serverapp ended ${how} before its run did${words}` };
}

function lastLines(output: string): string[] {
  const lines = output.trimEnd().split("\n").filter((line) => line !== "");
  return lines.slice(-LINES_SHOWN).map((line) => `${line}\n`);
}
