import { formatBytes } from "../../../base/readable.ts";
import { configToTransferable } from "../../../app/transferable.ts";
import { systemClock } from "../../../base/clock.ts";
import { runSeed } from "../../../app/node_draws.ts";
import { FlwrError } from "../../../base/error.ts";
import { systemRandom } from "../../../base/random.ts";
import { writeAttachment } from "../../../fab/attachments.ts";
import { installFab } from "../../../fab/install.ts";
import { mergeRunConfig } from "../../../fab/run_config.ts";
import { type RunConfig, toConfigRecord } from "../../../fab/scalar.ts";
import { withRetries } from "../../../rpc/retry.ts";
import { PortCalls } from "../../../rpc/port/calls.ts";
import { findAppModule } from "../../app/app_module.ts";
import type { ServerAppProcess } from "./server_app_process.ts";
import { errorLines, outputLines, type RunApp, type RunEnd, type RunProgram } from "../program.ts";
import type { ProcessPool } from "./process_pool.ts";
import type { RunClaim, RunSimulation } from "../run_source.ts";
import type { ServerAppEvent, WorkerJob } from "./thread/worker_protocol.ts";

/** The methods that a ServerApp may call. The SuperLink itself handles the run's begin, end, heartbeats and log. */
const OFFERED: ReadonlySet<string> = new Set([
  "GetNodes",
  "PushMessages",
  "PullMessages",
  "PushObject",
  "PullObject",
  "ConfirmMessageReceived",
  "PushTaskEvents",
  "PushArtifact",
  "PushCheckpoint",
  "PullCheckpoint",
  // Only a run that is simulated by workers on other machines has it.
  "RunNode",
]);

/**
 * Creates the program for ServerApps in TypeScript or JavaScript. Each runs in a sandbox of its own.
 *
 * @param pool provides the sandboxes
 */
export function typescriptProgram(pool: ProcessPool): RunProgram {
  return async (run, app, signal) => {
    const process = await pool.acquire();
    try {
      const job = await installApp(run, app, process.folder);
      await run.begin();
      return await superviseApp(process, job, run, signal);
    } finally {
      // Not awaited: the run's end must not wait for it.
      pool.release(process);
    }
  };
}

/** Installs the app in its process' folder. */
async function installApp(
  { runId }: RunClaim,
  { fab, overrideConfig, piece, simulation }: RunApp,
  folder: string,
): Promise<WorkerJob> {
  if (fab.config.serverApp === undefined) {
    throw new FlwrError("failed-precondition", `App "${fab.config.fabId}" has no ServerApp`);
  }
  const runConfig = mergeRunConfig(fab.config.config, overrideConfig);
  const { attachments, config: { fabId } } = fab;
  if (attachments.length > 0 && piece === undefined) {
    const paths = attachments.map(({ path }) => path).join(", ");
    throw new FlwrError(
      "unimplemented",
      `App "${fabId}" cannot run here: a SuperExec cannot fetch its attached files (${paths})`,
      {
        hints: [
          "Let the SuperLink run the app: start flwr superlink with --isolation subprocess",
        ],
      },
    );
  }
  const installed = await installFab(
    fab,
    folder,
    piece && ((attachment, file) => writeAttachment(attachment, file, piece)),
  );
  return {
    module: await findAppModule(fab.config.serverApp, installed.folder),
    runId,
    runConfig: configToTransferable(toConfigRecord(runConfig)),
    ...(simulation && { simulation: await simulationJob(simulation, fab, runConfig, installed) }),
  };
}

/** Most threads for simulated nodes in the process of one run. */
export const MAX_NODE_THREADS = 256;

async function simulationJob(
  { cpusPerNode, cpus: cores = navigator.hardwareConcurrency, elsewhere, ...simulation }:
    RunSimulation,
  { config: { clientApp, fabId } }: RunApp["fab"],
  runConfig: RunConfig,
  { folder }: { readonly folder: string },
): Promise<NonNullable<WorkerJob["simulation"]>> {
  if (clientApp === undefined) {
    throw new FlwrError("failed-precondition", `App "${fabId}" has no ClientApp to simulate`);
  }
  if (!elsewhere && cpusPerNode > cores) {
    throw new FlwrError(
      "failed-precondition",
      `A simulated node may use ${cpusPerNode} cores, and the simulation has ${cores}`,
      { hints: [`Lower client-resources-num-cpus to at most ${cores}`] },
    );
  }
  return {
    module: await findAppModule(clientApp, folder),
    ...simulation,
    ...(!elsewhere && { workers: Math.min(MAX_NODE_THREADS, Math.floor(cores / cpusPerNode)) }),
    // So that the same run can be repeated.
    seed: runSeed({ runConfig: toConfigRecord(runConfig) }),
  };
}

/** Stores log lines, with retries: a full disk may have space again later. */
function storeWithRetries(store: () => Promise<void>, signal: AbortSignal): Promise<void> {
  return withRetries(store, { policy: {}, clock: systemClock, random: systemRandom, signal });
}

/** Runs the app in the process, answers its calls and stores its log, until the app or the run ends. */
async function superviseApp(
  process: ServerAppProcess,
  job: WorkerJob,
  run: RunClaim,
  signal: AbortSignal,
): Promise<RunEnd | undefined> {
  const { promise: ended, resolve } = Promise.withResolvers<RunEnd | undefined>();
  await using calls = new PortCalls({
    service: run.runtime,
    offered: OFFERED,
    headers: run.callHeaders,
    peer: `the ServerApp of run ${run.runId}`,
    post: (answer) => process.post(answer),
  });
  // Batches are stored one after the other, and all before the run's end.
  let storing = Promise.resolve();
  const store = (lines: readonly string[]) => {
    storing = storing.then(() => storeWithRetries(() => run.log(lines), signal)).catch(() => {});
    return storing;
  };
  const onEvent = async (event: ServerAppEvent) => {
    switch (event.kind) {
      case "call":
      case "cancel":
        return calls.handleRequest(event);
      case "large-call":
        return calls.refuse(event.id, tooLarge(event.bytes));
      case "lines":
        // No further event is read until the lines are stored, so an app that logs fast is slowed down.
        await store(event.lines);
        return void process.post({ kind: "stored" });
      case "completed":
        await storing;
        return resolve({ outcome: "completed", details: event.details });
      case "failed":
        await store(errorLines(event));
        return resolve({ outcome: "failed", details: event.message });
      case "crashed": {
        const details = `The ServerApp crashed: ${event.reason}`;
        await store([
          ...outputLines(process.output),
          ...errorLines({ message: details, hints: [] }),
        ]);
        return resolve({ outcome: "failed", details });
      }
    }
  };
  const stop = () => resolve(undefined);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await process.awaitReady(onEvent);
    if (signal.aborted) return undefined;
    process.post({ kind: "run", job });
    return await ended;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function tooLarge(bytes: number): FlwrError {
  return new FlwrError("resource-exhausted", `The call is too large: ${formatBytes(bytes)}`);
}
