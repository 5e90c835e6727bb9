import { configToTransferable } from "../../../app/transferable.ts";
import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { systemRandom } from "../../../base/random.ts";
import { writeAttachment } from "../../../fab/attachments.ts";
import { installFab } from "../../../fab/install.ts";
import { mergeRunConfig } from "../../../fab/run_config.ts";
import { toConfigRecord } from "../../../fab/scalar.ts";
import { withRetries } from "../../../rpc/retry.ts";
import { PortCalls } from "../../../rpc/port/calls.ts";
import { findAppModule } from "../../app/app_module.ts";
import type { AppProcess } from "./app_process.ts";
import { errorLines, outputLines, type RunApp, type RunEnd, type RunProgram } from "../program.ts";
import type { ProcessPool } from "./process_pool.ts";
import type { TakenRun } from "../run_source.ts";
import type { FromWorker, WorkerJob } from "./thread/worker_protocol.ts";

/** What a ServerApp may call; its run's begin, end, heartbeats and log are the SuperLink's own business. */
const OFFERED: ReadonlySet<string> = new Set([
  "GetNodes",
  "PushMessages",
  "PullMessages",
  "PushObject",
  "PullObject",
  "ConfirmMessageReceived",
  "PushArtifact",
]);

/**
 * Runs ServerApps that are written in TypeScript or JavaScript, each in a sandbox of its own.
 *
 * @param pool where the sandboxes come from
 */
export function typescriptProgram(pool: ProcessPool): RunProgram {
  return async (run, app, signal) => {
    await using process = await pool.take();
    try {
      const job = await prepare(run, app, process.folder);
      await run.begin();
      return await attend(process, job, run, signal);
    } finally {
      pool.warm();
    }
  };
}

/** Puts the app into its process' folder. */
async function prepare(
  { runId }: TakenRun,
  { fab, overrideConfig, piece }: RunApp,
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
      `App "${fabId}" cannot run here: a SuperExec does not get the files beside its bundle (${paths})`,
      {
        hints: [
          "Have the SuperLink run the app itself: flwr superlink with --isolation subprocess",
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
  };
}

/** Tries until it can be stored: a disk that is full may have room again. */
function keep(store: () => Promise<void>, signal: AbortSignal): Promise<void> {
  return withRetries(store, { policy: {}, clock: systemClock, random: systemRandom, signal });
}

/** Lets the process run the app, answers its calls and keeps its log, until the app has ended or the run is. */
async function attend(
  process: AppProcess,
  job: WorkerJob,
  run: TakenRun,
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
  // One batch of lines after the other: they must not overtake each other, nor the run's end.
  let storing = Promise.resolve();
  const store = (lines: readonly string[]) => {
    storing = storing.then(() => keep(() => run.log(lines), signal)).catch(() => {});
    return storing;
  };
  const hear = async (said: FromWorker) => {
    switch (said.kind) {
      case "call":
      case "cancel":
        return calls.hear(said);
      case "large-call":
        return calls.refuse(said.id, tooLarge(said.bytes));
      case "lines":
        // Until they are stored nothing more is read: an app that writes more waits.
        await store(said.lines);
        return void process.post({ kind: "stored" });
      case "completed":
        await storing;
        return resolve({ outcome: "completed", details: said.details });
      case "failed":
        await store(errorLines(said));
        return resolve({ outcome: "failed", details: said.message });
      case "crashed": {
        const details = `The ServerApp crashed: ${said.reason}`;
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
    await process.attend(hear);
    if (signal.aborted) return undefined;
    process.post({ kind: "run", job });
    return await ended;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function tooLarge(bytes: number): FlwrError {
  return new FlwrError("resource-exhausted", `The call has more bytes than it may have: ${bytes}`);
}
