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

/** Seconds in which the SuperLink is told what became of the runs when the SuperExec ends. */
const FAREWELL_SECONDS = 10;

const logger = log("superexec");

/**
 * Takes on the runs of a SuperLink until it is told to stop; those under way are failed then.
 *
 * @throws FlwrError when the SuperLink gives it no runs, or an address cannot be listened on
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
    logger.info("Health checks are answered at {address}", {
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
    farewell: "The SuperExec was stopped",
  });
  resources.defer(async () => {
    // A SuperLink that does not answer any more keeps nobody waiting.
    const giveUp = setTimeout(() => channel.close(), FAREWELL_SECONDS * 1000);
    try {
      await launcher[Symbol.asyncDispose]();
    } finally {
      clearTimeout(giveUp);
    }
  });
  logger.info("SuperExec asks {address} for runs", { address });
  const refusal = await Promise.race([runs.refused, aborted(signal)]);
  if (refusal !== undefined) throw refusal;
  logger.info("SuperExec stops: {reason}", { reason: String(signal.reason) });
}
