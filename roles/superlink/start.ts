import { systemClock } from "../../base/clock.ts";
import { load } from "../../base/load.ts";
import { log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { createLink } from "../../link/create_link.ts";
import type { LinkEvent } from "../../link/events.ts";
import { StoreTrouble } from "../../link/transactions/store_trouble.ts";
import { messageObject } from "../../rpc/objects/message.ts";
import { aborted } from "../../base/aborted.ts";
import { ArtifactDownloads } from "./artifact_downloads.ts";
import { admitEveryone, admitKnownKeys } from "./authentication.ts";
import type { SuperLinkConfig } from "./config.ts";
import { openStore } from "./database.ts";
import type { Launching } from "./launch/start.ts";
import { localAddress } from "./local_address.ts";
import { LinkLog, type LinkLogOptions } from "./link_log.ts";
import { ListedNames } from "./listed_names.ts";
import { openReplays, settleReplays } from "./replays.ts";
import { RunsInFlight } from "./runs_in_flight.ts";
import { type OpenListeners, serve } from "./serve.ts";
import { superLinkServices } from "./services.ts";

const logger = log("superlink");

/** A SuperLink that serves. */
export interface RunningSuperLink extends AsyncDisposable {
  /** Where it listens, with the ports that were taken. */
  readonly listeners: OpenListeners;
  /** Serves until the signal is aborted. */
  runUntil(signal: AbortSignal): Promise<void>;
}

/**
 * Starts a SuperLink: opens its store, reads the keys, listens, takes submitted apps.
 *
 * @throws FlwrError naming the flag, file or address that prevents it; nothing is left open then
 */
export async function startSuperLink(
  config: SuperLinkConfig,
  logging: LinkLogOptions = {},
): Promise<RunningSuperLink> {
  await using cleanup = new AsyncDisposableStack();
  const stopping = new AbortController();
  cleanup.defer(() => stopping.abort());
  const inFlight = new RunsInFlight();
  const listedNames = new ListedNames();
  const events = new LinkLog(logging);
  let launching: Launching | undefined;
  const hear = (event: LinkEvent) => {
    inFlight.hear(event);
    events.hear(event);
    if (event.kind === "run-finished" || event.kind === "run-released") launching?.end(event.runId);
  };
  const store = await openStore(config.database);
  const trouble = new StoreTrouble(systemClock, hear);
  const link = await createLink({
    store,
    clock: systemClock,
    random: systemRandom,
    limits: config.retention,
    messageObject,
    listedName: (publicKey) => listedNames.of(publicKey),
    trouble,
    onEvent: hear,
  });
  cleanup.defer(() => link.close());
  events.know(await link.nodes.list());
  const replays = await openReplays(store.signers, trouble);
  const artifacts = new ArtifactDownloads({
    link,
    clock: systemClock,
    hosts: config.tls?.hosts,
  });
  const services = superLinkServices({
    link,
    authentications: config.authentication === undefined
      ? admitEveryone(link, replays)
      : await admitKnownKeys(config.authentication, link, replays, listedNames, stopping.signal),
    replays,
    knownKeysOnly: config.authentication !== undefined,
    runs: config.runs,
    artifacts,
    expectRun: () => launching?.expectRun(),
  });
  const listeners = await serve(config, services, cleanup);
  if (listeners.http !== undefined) artifacts.listenOn(listeners.http);
  if (config.runs.where === "here") {
    // Nothing is submitted before the SuperLink answers: what runs apps is loaded after that.
    const { startLaunching } = await load<typeof import("./launch/start.ts")>(
      new URL("./launch/start.ts", import.meta.url),
    );
    launching = startLaunching({
      link,
      runtime: services.runtime,
      runs: config.runs,
      ...(listeners.http === undefined
        ? {}
        : { runtimeAddress: localAddress(listeners.http, config.tls?.hosts) }),
      ...(config.tls === undefined ? {} : { authorityFile: config.tls.authorityFile }),
    });
  } else {
    logger.info("Submitted apps wait for a SuperExec (--isolation process)");
  }
  logger.info("SuperLink ready", { event: "superlink-ready" });
  const running = cleanup.move();
  return {
    listeners,
    async runUntil(signal) {
      await aborted(signal);
      logger.info("SuperLink stops: {reason}", {
        event: "superlink-stops",
        reason: String(signal.reason),
      });
    },
    async [Symbol.asyncDispose]() {
      // Apps that run here are told to end, and what becomes of them is stored, while the domain is there.
      await launching?.[Symbol.asyncDispose]();
      warnOfRuns(inFlight, config.database !== undefined);
      await settleReplays(replays);
      // Held pulls end before the servers do: they would keep them waiting.
      await link.close();
      await running.disposeAsync();
      logger.info("SuperLink stopped", { event: "superlink-stopped" });
    },
  };
}

/** Tells of the runs that a user started by hand and that are not over. */
function warnOfRuns(inFlight: RunsInFlight, stored: boolean): void {
  const outlook = stored
    ? "the run continues when the SuperLink starts again with this database"
    : "their answers are lost with this SuperLink's memory";
  for (const { runId, unanswered } of inFlight.list()) {
    logger.warn("Run {runId} is in flight, {unanswered} instructions unanswered: {outlook}", {
      runId,
      unanswered,
      outlook,
    });
  }
}
