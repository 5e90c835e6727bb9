import { log } from "../../base/log.ts";
import type { AppHost } from "../../hosting/app/app_host.ts";
import { WorkerClient } from "../../rpc/dialects/current/client/worker_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { logRetry } from "../flags/log_retry.ts";
import type { SimulationWorkerConfig } from "./config.ts";
import { workFor } from "./work.ts";
import { WorkerApp } from "./worker_app.ts";

const logger = log("worker");

/**
 * Seconds without the SuperLink after which a worker ends: as long as a run waits for workers. It must not occupy its
 * machine for ever because the SuperLink was killed.
 */
const MAX_WAIT_SECONDS = 600;

/**
 * Works for simulated nodes of a run until the run ends or the signal is aborted.
 *
 * @throws FlwrError when the SuperLink refuses the worker or cannot be reached for {@link MAX_WAIT_SECONDS}, or its app
 *   cannot be installed
 */
export async function runSimulationWorker(
  config: SimulationWorkerConfig,
  signal: AbortSignal,
): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const { address, tls, token, slots } = config;
  const retry = { maxWaitTime: MAX_WAIT_SECONDS };
  const channel = openHttpChannel({ address, tls, retry, onRetry: logRetry });
  resources.defer(() => channel.close());
  const client = new WorkerClient(channel, token);
  let hosts: Promise<AppHost[]> | undefined;
  try {
    while (!signal.aborted) {
      const joined = await client.join(slots, signal);
      if (joined === undefined) break;
      logger.info("Joined the run at {address}, for {slots} nodes at a time", {
        event: "worker-joined",
        address,
        slots,
      });
      hosts ??= startHosts(config, client, joined.fab, resources);
      if (await workFor(client, joined.workerId, hosts, signal) === "ended") break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  logger.info("The worker ends: {reason}", {
    event: "worker-ends",
    reason: signal.aborted ? String(signal.reason) : "the run is over",
  });
}

async function startHosts(
  config: SimulationWorkerConfig,
  client: WorkerClient,
  fab: Uint8Array,
  resources: AsyncDisposableStack,
): Promise<AppHost[]> {
  const app = resources.use(
    await WorkerApp.install(fab, (hash) => client.piece(hash), config),
  );
  return await Promise.all(
    Array.from({ length: config.slots }, async () => resources.use(await app.sandbox())),
  );
}
