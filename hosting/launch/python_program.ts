import { withFurtherLines } from "../../base/run_log_lines.ts";
import { FlwrError } from "../../base/error.ts";
import { describeEnd, lastLine, runPythonProcess } from "../python/python_process.ts";
import { findPythonCommand } from "../python/find_python_command.ts";
import { requireRay } from "../python/require_ray.ts";
import type { ProgramEnd } from "../python/run_program.ts";
import type { RunEnd, RunProgram } from "./program.ts";
import type { RunSimulation } from "./run_source.ts";

/** Settings for running Python ServerApps. */
export interface PythonProgramOptions {
  /** The role that runs them, for messages. */
  readonly role: "SuperLink" | "SuperExec";
  /** Value of `--python`. "none": Python apps are refused. Undefined: Flower is searched on PATH. */
  readonly python?: string;
  /** "host:port" of the Runtime API, for a process on this machine. Undefined if it is not served over HTTP. */
  readonly runtimeAddress?: string;
  /** File with the root certificate of the SuperLink. Undefined without TLS. */
  readonly authorityFile?: string;
  /** Whether apps may install packages. */
  readonly installDependencies: boolean;
}

const SERVERAPP = "flwr-serverapp";

/** Flower's program for runs whose nodes are simulated: ServerApp, nodes, and a pool of processes for the ClientApp. */
const SIMULATION = "flwr-simulation";

/** Last lines of a failed program's output that go to the run's log. */
const LINES_SHOWN = 40;

/**
 * Creates the program for Python ServerApps. Each runs in a process of Flower's own `flwr-serverapp`, or
 * `flwr-simulation` if its nodes are simulated.
 */
export function pythonProgram(options: PythonProgramOptions): RunProgram {
  const { python, role, runtimeAddress } = options;
  return async (run, { simulation }, signal) => {
    const name = simulation === undefined ? SERVERAPP : SIMULATION;
    if (runtimeAddress === undefined) {
      throw new FlwrError(
        "failed-precondition",
        "Python apps need the SuperLink's HTTP port, but this SuperLink was started without one",
        { hints: ["Start the SuperLink with --port"] },
      );
    }
    if (simulation !== undefined) requireOffered(simulation);
    if (python === "none") {
      throw new FlwrError("failed-precondition", `This ${role} runs no Python apps`, {
        hints: [`Start a ${role} without --python=none, and send the app to its address`],
      });
    }
    const command = await findPythonCommand({ name, role }, python);
    const { program, path } = command;
    const { authorityFile, installDependencies } = options;
    // An app that may install packages can bring Ray itself.
    if (simulation !== undefined && !installDependencies) await requireRay(command, signal);
    const end = await runPythonProcess({
      program,
      path,
      runtimeAddress,
      token: run.token,
      authorityFile,
      installDependencies,
      startsRay: simulation !== undefined,
      signal,
    });
    if (signal.aborted || await run.isOver()) return undefined;
    await run.log(lastLines(name, end.output));
    return unfinished(name, end);
  };
}

/** @throws FlwrError "unimplemented" for a simulation that Flower's program cannot do */
function requireOffered(
  { faults: { dropout, slow, lie }, nodeTable, elsewhere = false }: RunSimulation,
): void {
  if (elsewhere) {
    throw new FlwrError(
      "unimplemented",
      `Python apps run by ${SIMULATION} on the SuperLink's machine: simulation workers run apps in TypeScript or ` +
        "JavaScript",
      { hints: ["Leave out --engine"] },
    );
  }
  if (dropout === 0 && slow === 0 && lie === 0 && nodeTable === undefined) return;
  throw new FlwrError(
    "unimplemented",
    `Python apps run by ${SIMULATION}, which simulates no faults and reads no table of nodes`,
    { hints: ["Leave out --node-table, and set dropout, slow and lie to 0"] },
  );
}

/** The end of a run whose process ended without reporting it. */
function unfinished(name: string, end: ProgramEnd): RunEnd {
  const last = lastLine(end);
  const words = last === "" ? "" : `: ${last}`;
  return {
    outcome: "failed",
    details: `${name} ended ${describeEnd(end)} before its run did${words}`,
  };
}

function lastLines(name: string, output: string): string[] {
  const lines = output.trimEnd().split("\n").filter((line) => line !== "");
  if (lines.length === 0) return [];
  const last = lines.slice(-LINES_SHOWN).join("\n");
  return [`${withFurtherLines(`The last output of ${name}:\n${last}`)}\n`];
}
