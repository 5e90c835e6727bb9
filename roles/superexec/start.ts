import { load } from "../../base/load.ts";
import { log } from "../../base/log.ts";
import { readFab } from "../../fab/read.ts";
import { sandboxRequestBytes } from "../../rpc/dialects/current/server/task_policy.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { aborted } from "../../base/aborted.ts";
import { logRetry } from "../flags/log_retry.ts";
import { Launcher } from "../../hosting/launch/launcher.ts";
import { ProcessPool } from "../../hosting/launch/typescript/process_pool.ts";
import { typescriptProgram } from "../../hosting/launch/typescript/typescript_program.ts";
import type { SuperExecConfig } from "./config.ts";
import { relayedPython } from "./relayed_python.ts";
import { RemoteRuns } from "./remote_runs.ts";

/** Seconds to report the end of the remaining runs to the SuperLink when the SuperExec stops. */
const STOP_SECONDS = 10;

const logger = log("superexec");

/**
 * Runs the ServerApps of a SuperLink until the signal is aborted. Runs that have not finished then fail.
 *
 * @throws FlwrError when the SuperLink refuses this SuperExec, or an address cannot be listened on
 */
export async function runSuperExec(
  { address, tls, secret, launch, healthAddress }: SuperExecConfig,
  signal: AbortSignal,
): Promise<void> {
  await using resources = new AsyncDisposableStack();
  if (healthAddress !== undefined) {
    const { startHealth } = await load<typeof import("../../rpc/grpc/health_endpoint.ts")>(
      new URL("../../rpc/grpc/health_endpoint.ts", import.meta.url),
    );
    const health = resources.use(await startHealth(healthAddress));
    logger.info("Health service on {address}", {
      event: "listening",
      api: "health",
      address: health.address,
    });
  }
  const channel = openHttpChannel({ address, tls, onRetry: logRetry });
  resources.defer(() => channel.close());
  const pool = resources.use(
    new ProcessPool({
      allowRead: launch.allowRead,
      requestBytes: sandboxRequestBytes,
    }),
  );
  const runs = new RemoteRuns({ channel, secret });
  const launcher = new Launcher({
    runs,
    readFab,
    programs: { typescript: typescriptProgram(pool), python: relayedPython(launch) },
    concurrent: launch.concurrent,
    stopDetails: "The SuperExec was stopped",
  });
  resources.defer(async () => {
    // Closing the channel ends calls to a SuperLink that no longer answers.
    const giveUp = setTimeout(() => channel.close(), STOP_SECONDS * 1000);
    try {
      await launcher[Symbol.asyncDispose]();
    } finally {
      clearTimeout(giveUp);
    }
  });
  logger.info("Waiting for runs of {address}", { address });
  const refusal = await Promise.race([runs.refused, aborted(signal)]);
  if (refusal !== undefined) throw refusal;
  logger.info("SuperExec is stopping: {reason}", { reason: String(signal.reason) });
}
