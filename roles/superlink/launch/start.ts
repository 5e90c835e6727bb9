import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import { readFab } from "../../../fab/read.ts";
import type { Link } from "../../../link/link.ts";
import { sandboxRequestBytes } from "../../../rpc/dialects/current/server/task_policy.ts";
import type { ServiceBinding } from "../../../rpc/service.ts";
import type { LaunchConfig } from "../../../hosting/launch/config.ts";
import { Launcher } from "../../../hosting/launch/launcher.ts";
import { LinkRuns, settleLeftovers } from "./link_runs.ts";
import { pythonProgram } from "../../../hosting/launch/python_program.ts";
import { typescriptProgram } from "../../../hosting/launch/typescript/typescript_program.ts";
import { ProcessPool } from "../../../hosting/launch/typescript/process_pool.ts";

/** What the runs of submitted apps need of their SuperLink. */
export interface LaunchOptions {
  readonly link: Pick<Link, "runs">;
  readonly runtime: ServiceBinding;
  readonly runs: LaunchConfig;
  /** "host:port" by which processes on this machine reach the Runtime API. */
  readonly runtimeAddress?: string;
  /** File with the authority of the SuperLink's certificate; undefined without TLS. */
  readonly authorityFile?: string;
}

/** Runs submitted apps until it is disposed of. */
export interface Launching extends AsyncDisposable {
  /** The run is over, or its claim was lost, so that it is taken on anew and must not run twice: what runs here ends. */
  end(runId: bigint): void;
  /** An app is about to be submitted: a process is started that it may run in. */
  expectRun(): void;
}

/** Begins to run submitted apps, those that wait already included. */
export function startLaunching(
  { link, runtime, runs, runtimeAddress, authorityFile }: LaunchOptions,
): Launching {
  const pool = new ProcessPool({
    allowRead: runs.allowRead,
    requestBytes: sandboxRequestBytes,
  });
  const launcher = new Launcher({
    runs: new LinkRuns({ link, runtime, clock: systemClock }),
    readFab,
    programs: {
      typescript: typescriptProgram(pool),
      python: pythonProgram({
        role: "SuperLink",
        python: runs.python,
        runtimeAddress,
        authorityFile,
        installDependencies: runs.installDependencies,
      }),
    },
    concurrent: runs.concurrent,
    farewell: "The SuperLink was stopped",
  });
  const settling = settleLeftovers(link, systemClock.now()).catch((error) => {
    const { code, message } = FlwrError.from(error);
    if (code === "unavailable") return;
    log("superlink").error("Could not end the runs from before the restart: {message}", {
      message,
    });
  });
  return {
    end: (runId) => launcher.end(runId),
    expectRun: () => pool.warm(),
    async [Symbol.asyncDispose]() {
      await launcher[Symbol.asyncDispose]();
      await pool[Symbol.asyncDispose]();
      await settling;
    },
  };
}
