import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import { readFab } from "../../../fab/read.ts";
import type { Link } from "../../../link/link.ts";
import { sandboxRequestBytes } from "../../../rpc/dialects/current/server/task_policy.ts";
import type { ServiceBinding } from "../../../rpc/service.ts";
import type { LaunchConfig } from "../../../hosting/launch/config.ts";
import { Launcher } from "../../../hosting/launch/launcher.ts";
import { LinkRuns, resumeInterruptedRuns } from "./link_runs.ts";
import { pythonProgram } from "../../../hosting/launch/python_program.ts";
import {
  MAX_NODE_THREADS,
  typescriptProgram,
} from "../../../hosting/launch/typescript/typescript_program.ts";
import { ProcessPool } from "../../../hosting/launch/typescript/process_pool.ts";

/** Options of {@link startLaunching}. */
export interface LaunchOptions {
  readonly link: Pick<Link, "runs">;
  readonly runtime: ServiceBinding;
  /** The service by which a run hands out the work of its nodes to simulation workers. */
  readonly nodeWorkOf: (runId: bigint) => ServiceBinding;
  readonly runs: LaunchConfig & { readonly simulated: boolean };
  /** Whether the SuperLink has a database. If so, runs that it interrupts when it stops continue later. */
  readonly isLasting: boolean;
  /** Whether other SuperLinks use the database at the same time. */
  readonly isShared: boolean;
  /** "host:port" of the Runtime API, for processes on this machine. */
  readonly runtimeAddress?: string;
  /** File with the certificate of the SuperLink's CA. Undefined without TLS. */
  readonly authorityFile?: string;
}

/** A running launcher of submitted apps. */
export interface Launching extends AsyncDisposable, Pick<Launcher, "checkpointSaved" | "drain"> {
  /** Stops the ServerApp of a run that is over, or whose claim was lost, because another launcher may claim it. */
  end(runId: bigint): void;
  /** Starts a process in advance, because an app is about to be submitted. */
  expectRun(): void;
}

/** Starts to run submitted apps, including those that are already pending. */
export function startLaunching(
  { link, runtime, nodeWorkOf, runs, isLasting, isShared, runtimeAddress, authorityFile }:
    LaunchOptions,
): Launching {
  const pool = new ProcessPool({
    allowRead: runs.allowRead,
    requestBytes: sandboxRequestBytes,
    ...(runs.simulated && { maxNodeThreads: MAX_NODE_THREADS }),
  });
  const launcher = new Launcher({
    runs: new LinkRuns({ link, runtime, nodeWorkOf, isLasting, isShared, clock: systemClock }),
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
    stopDetails: "The SuperLink was stopped",
  });
  const resuming = isShared
    ? undefined
    : resumeInterruptedRuns(link, systemClock.now()).catch((error) => {
      const { code, message } = FlwrError.from(error);
      if (code === "unavailable") return;
      log("superlink").error("Could not resume the runs from before the restart: {message}", {
        message,
      });
    });
  return {
    end: (runId) => launcher.end(runId),
    checkpointSaved: (runId) => launcher.checkpointSaved(runId),
    drain: (signal) => launcher.drain(signal),
    expectRun: () => pool.expect(),
    async [Symbol.asyncDispose]() {
      await launcher[Symbol.asyncDispose]();
      await pool[Symbol.asyncDispose]();
      await resuming;
    },
  };
}
