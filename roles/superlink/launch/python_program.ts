import { withFurtherLines } from "../../../base/run_log_lines.ts";
import { FlwrError } from "../../../base/error.ts";
import { describeEnd, lastLine, runAppProcess } from "../../python/app_process.ts";
import { findPythonCommand } from "../../python/find_program.ts";
import type { ProgramEnd } from "../../python/process_group.ts";
import type { RunEnd, RunProgram } from "./program.ts";

/** What Python ServerApps are run with. */
export interface PythonProgramOptions {
  /** Which role runs them, for people. */
  readonly role: "SuperLink" | "SuperExec";
  /** As `--python` gives it; undefined: Flower is looked for on PATH. */
  readonly python?: string;
  /** "host:port" by which a process on this machine reaches the Runtime API; undefined where there is none. */
  readonly runtimeAddress?: string;
  /** File with the authority of the SuperLink's certificate; undefined without TLS. */
  readonly authorityFile?: string;
  /** Whether apps may install packages. */
  readonly installDependencies: boolean;
}

const SERVERAPP = "flwr-serverapp";

/** Lines of a failed program's output that go to the run's log. */
const LINES_SHOWN = 40;

/** Runs ServerApps that are written in Python, each in a process of Flower's own `flwr-serverapp`. */
export function pythonProgram(options: PythonProgramOptions): RunProgram {
  const { python, role, runtimeAddress } = options;
  return async (run, _app, signal) => {
    if (runtimeAddress === undefined) {
      throw new FlwrError(
        "failed-precondition",
        "The app is written in Python, and needs the HTTP that this SuperLink was started without",
        { hints: ["Start the SuperLink with a --port"] },
      );
    }
    const { program, path } = await findPythonCommand({ name: SERVERAPP, role }, python);
    const { authorityFile, installDependencies } = options;
    const end = await runAppProcess({
      program,
      path,
      runtimeAddress,
      token: run.token,
      authorityFile,
      installDependencies,
      signal,
    });
    if (signal.aborted || await run.isOver()) return undefined;
    await run.log(lastLines(end.output));
    return unfinished(end);
  };
}

/** The end of a run whose process said nothing of it. */
function unfinished(end: ProgramEnd): RunEnd {
  const last = lastLine(end);
  const words = last === "" ? "" : `: ${last}`;
  return {
    outcome: "failed",
    details: `flwr-serverapp ended ${describeEnd(end)} before its run did${words}`,
  };
}

function lastLines(output: string): string[] {
  const lines = output.trimEnd().split("\n").filter((line) => line !== "");
  if (lines.length === 0) return [];
  const last = lines.slice(-LINES_SHOWN).join("\n");
  return [`${withFurtherLines(`The last output of flwr-serverapp:\n${last}`)}\n`];
}
