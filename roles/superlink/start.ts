import { BegunRuns } from "../../rpc/dialects/current/server/begun_runs.ts";
import { systemClock } from "../../base/clock.ts";
import { load } from "../../base/load.ts";
import { log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { createLink } from "../../link/create_link.ts";
import type { Link } from "../../link/link.ts";
import type { ApiTokenTable } from "../../link/store/api_token_table.ts";
import type { LinkEvent } from "../../link/events.ts";
import type { LinkStore } from "../../link/store/store.ts";
import { StoreTrouble } from "../../link/transactions/store_trouble.ts";
import { tracingIsOn } from "../../telemetry/tracing_is_on.ts";
import { messageObject } from "../../rpc/objects/message.ts";
import { Readiness } from "../../rpc/readiness.ts";
import { aborted } from "../../base/aborted.ts";
import type { LinkDashboard } from "./dashboard/start.ts";
import { ArtifactDownloads, artifactLinkKey } from "./artifact_downloads.ts";
import type { Accounts } from "./accounts/open_accounts.ts";
import { admitEveryone, admitKnownKeys } from "./authentication.ts";
import { auditedServices, openAudit } from "./audited_services.ts";
import type { CertificateRenewal } from "./certificate_renewal.ts";
import type { SuperLinkConfig } from "./config.ts";
import { type DatabaseConfig, openStore } from "./database.ts";
import { openLargeObjects } from "./object_store_flags.ts";
import type { Launching } from "./launch/start.ts";
import { localAddress } from "./local_address.ts";
import { logSettings } from "./log_settings.ts";
import { LinkLog, type LinkLogOptions } from "./link_log.ts";
import { IdleExit } from "./idle_exit.ts";
import { JobBoards } from "./job_boards.ts";
import { ListedNames } from "./listed_names.ts";
import type { LinkTracing } from "./metrics/link_tracing.ts";
import type { SuperLinkMetrics } from "./metrics/superlink_metrics.ts";
import { openReplays, settleReplays } from "./replays.ts";
import { watchDatabase } from "./watch_database.ts";
import { endWithin } from "./end_within.ts";
import { type OpenListeners, serve, type Serving } from "./serve.ts";
import { type SuperLinkServices, superLinkServices } from "./services.ts";

/** Events after which the process of a run must end. */
const ENDS_PROCESS: ReadonlySet<LinkEvent["kind"]> = new Set([
  "run-finished",
  "run-released",
  "run-interrupted",
]);

/** Seconds after `--drain-timeout` within which a SuperLink that stops hands over and closes its store. */
const CLOSING_SECONDS = 15;

const logger = log("superlink");

/** A running SuperLink. */
export interface RunningSuperLink extends AsyncDisposable {
  /** Its listeners, with their actual ports. */
  readonly listeners: OpenListeners;
  /** The dashboard's address, with its token; undefined if there is no dashboard. */
  readonly dashboardUrl: string | undefined;
  /** Reads the certificate again if its files have changed, and reopens a moved audit log. Never rejects. */
  reload(): Promise<void>;
  /** Serves until the signal is aborted. @throws FlwrError if it cannot go on */
  runUntil(signal: AbortSignal): Promise<void>;
}

/**
 * Starts a SuperLink: opens its store, reads the keys, listens, and runs submitted apps.
 *
 * @throws FlwrError naming the flag, file or address that prevents the start. Nothing is left open then
 */
export async function startSuperLink(
  config: SuperLinkConfig,
  logging: LinkLogOptions = {},
): Promise<RunningSuperLink> {
  await using cleanup = new AsyncDisposableStack();
  const stopping = new AbortController();
  cleanup.defer(() => stopping.abort());
  const audit = await openAudit(config, cleanup);
  /** Aborted when the SuperLink begins to stop. */
  const draining = new AbortController();
  const listedNames = new ListedNames();
  const events = new LinkLog(logging);
  const tracing = await openTracing();
  const begunRuns = new BegunRuns();
  const jobBoards = new JobBoards((runId, line) => logLine(runId, line));
  let launching: Launching | undefined;
  let dashboard: LinkDashboard | undefined = undefined;
  let isExpected = false;
  const onEvent = (event: LinkEvent) => {
    events.onEvent(event);
    metrics?.onEvent(event);
    tracing?.onEvent(event);
    // At once, because the run may be claimed again right after the event.
    if (ENDS_PROCESS.has(event.kind) && "runId" in event) launching?.end(event.runId);
    if (event.kind === "run-created") void dashboard?.keepApp(event.runId);
    if (event.kind === "checkpoint-saved") launching?.checkpointSaved(event.runId);
    if (event.kind === "run-finished") jobBoards.end(event.runId);
    if (event.kind === "run-began") void reportBegun(event.runId);
  };
  const large = await openLargeObjects(config.largeObjects);
  const opened = await openStore(config.database);
  const metrics = await openMetrics(config, opened);
  if (metrics !== undefined) cleanup.use(metrics);
  const store = metrics?.store ?? opened;
  logSettings(config);
  const trouble = new StoreTrouble(systemClock, onEvent);
  const link = await createLink({
    store,
    ...(large && { large }),
    clock: systemClock,
    random: systemRandom,
    limits: config.limits,
    messageObject,
    listedName: (publicKey) => listedNames.of(publicKey),
    trouble,
    onEvent,
    ...(metrics && { onTraffic: (sent, received) => metrics.onTraffic(sent, received) }),
  });
  metrics?.follow(link);
  cleanup.defer(() => link.close());
  if (store.isShared) void jobBoards.followStore((runId) => link.runs.get(runId), stopping.signal);
  const logLine = (runId: bigint, line: string) => {
    // A run that is over needs no line, and a full disk is reported elsewhere.
    link.runs.appendLog(runId, [line]).catch(() => {});
  };
  // Simulated nodes and runs without an app fetch nothing.
  const reportBegun = async (runId: bigint) => {
    const run = await link.runs.get(runId).catch(() => undefined);
    if (run !== undefined && run.fabHash !== "" && run.simulation === undefined) {
      begunRuns.report(runId);
    }
  };
  events.addNodes(await link.nodes.list());
  const replays = await openReplays(store, trouble);
  const artifacts = new ArtifactDownloads({
    link,
    clock: systemClock,
    hosts: config.tls?.hosts,
    linkKey: await artifactLinkKey(store.settings),
  });
  const { idleExitSeconds } = config;
  const idleExit = idleExitSeconds === undefined
    ? undefined
    : new IdleExit(idleExitSeconds, systemClock, link);
  const readiness = new Readiness();
  const ping = store.ping?.bind(store);
  if (ping !== undefined) {
    void watchDatabase({ ping, readiness, clock: systemClock, signal: stopping.signal });
  }
  const accounts = await startAccounts(config, store.apiTokens, stopping.signal);
  const services = superLinkServices({
    link,
    accounts,
    isPlain: config.tls === undefined,
    onControlCall: () => idleExit?.called(),
    authentications: config.authentication === undefined
      ? admitEveryone(link, replays)
      : await admitKnownKeys(
        { ...config.authentication, scalar: config.oneOfMany?.ownKey },
        { link, replays, names: listedNames, signal: stopping.signal },
      ),
    replays,
    knownKeysOnly: config.authentication !== undefined,
    runs: config.runs,
    artifacts,
    jobBoards,
    settings: store.settings,
    begunRuns,
    expectRun: () => {
      isExpected = true;
      launching?.expectRun();
    },
  });
  const audited = auditedServices(services, audit, config);
  const { listeners, renew, drain } = await serve(config, audited, cleanup, {
    stopping: draining.signal,
    readiness,
    metrics,
    tracing,
  });
  if (listeners.http !== undefined) artifacts.listenOn(listeners.http);
  dashboard = await startDashboard(config, link, cleanup);
  const { number = 1 } = config.oneOfMany ?? {};
  const isLauncher = config.runs.where === "here" && number === 1;
  if (config.runs.where === "elsewhere" && number === 1) {
    logger.info("Submitted apps wait for a SuperExec (--isolation process)");
  }
  logger.info("SuperLink ready", { event: "superlink-ready" });
  // The code that runs apps is a sixth of the program. It and the renewal of the certificate are loaded when the
  // SuperLink already serves. Apps that are submitted earlier are pending until then.
  const loading = !isLauncher
    ? undefined
    : startLauncher(config, link, services, listeners, store.isShared)
      .then((started) => {
        launching = started;
        if (isExpected) started.expectRun();
      });
  const renewal = startRenewal(config, renew, stopping.signal);
  // runUntil throws the errors of both.
  loading?.catch(() => {});
  renewal.catch(() => {});
  const running = cleanup.move();
  return {
    listeners,
    dashboardUrl: dashboard?.url,
    async reload() {
      await audit?.reopen();
      await (await renewal.catch(() => undefined))?.look();
    },
    async runUntil(signal) {
      const idle = idleExit?.idle(signal) ?? aborted(signal);
      await Promise.race([
        aborted(signal),
        idle,
        failureOf(loading),
        failureOf(renewal.then((renewal) => renewal?.failure)),
      ]);
      logger.info("SuperLink is stopping: {reason}", {
        event: "superlink-stops",
        reason: signal.aborted ? String(signal.reason) : "nothing to do",
      });
    },
    async [Symbol.asyncDispose]() {
      await endWithin(systemClock, config.drainSeconds + CLOSING_SECONDS, stop());
      logger.info("SuperLink stopped", { event: "superlink-stopped" });
    },
  };

  async function stop(): Promise<void> {
    const late = AbortSignal.timeout(config.drainSeconds * 1000);
    // First, so that no balancer sends a new caller here.
    draining.abort();
    const drained = Promise.all([
      drain(config.drainSeconds),
      dashboard?.[Symbol.asyncDispose](),
    ]);
    // Waiting pulls end now, and on connections that are closed after the answer.
    link.drain();
    await loading?.catch(() => {});
    const runs = launching?.drain(late);
    // The workers of runs that have ended here wait for work until the boards end.
    await runs?.others;
    jobBoards.stop();
    await Promise.all([drained, runs?.all]);
    await launching?.[Symbol.asyncDispose]();
    await warnOfRuns(link, config.database.kind);
    // What calls have changed is stored. The domain hands over what this SuperLink holds to others on its store.
    await settleReplays(replays);
    await link.close();
    await running.disposeAsync();
  }
}

/** Starts to measure, if the metrics are to be served. */
async function openMetrics(
  { metrics }: SuperLinkConfig,
  store: LinkStore,
): Promise<SuperLinkMetrics | undefined> {
  if (metrics === undefined) return undefined;
  const { SuperLinkMetrics } = await load<typeof import("./metrics/superlink_metrics.ts")>(
    new URL("./metrics/superlink_metrics.ts", import.meta.url),
  );
  return new SuperLinkMetrics({ store, namesNodes: metrics.namesNodes });
}

/** Starts to trace, if this process has somewhere to send traces. */
async function openTracing(): Promise<LinkTracing | undefined> {
  if (!tracingIsOn()) return undefined;
  const { LinkTracing } = await load<typeof import("./metrics/link_tracing.ts")>(
    new URL("./metrics/link_tracing.ts", import.meta.url),
  );
  return new LinkTracing();
}

/** Rejects like the promise, and never resolves. */
function failureOf(work: Promise<unknown> | undefined): Promise<never> {
  return new Promise((_, reject) => work?.catch(reject));
}

/** Starts the dashboard, if there is to be one. `cleanup` closes it. */
async function startDashboard(
  { dashboard: address, runs }: SuperLinkConfig,
  link: Link,
  cleanup: AsyncDisposableStack,
): Promise<LinkDashboard | undefined> {
  if (address === undefined) return undefined;
  const { startLinkDashboard } = await load<typeof import("./dashboard/start.ts")>(
    new URL("./dashboard/start.ts", import.meta.url),
  );
  return cleanup.use(startLinkDashboard({ address, link, isSimulated: runs.simulated }));
}

/** Opens the accounts, if the configuration has any, and warns about what is open to everyone. */
async function startAccounts(
  { accounts, remote, listeners }: SuperLinkConfig,
  tokens: ApiTokenTable,
  signal: AbortSignal,
): Promise<Accounts | undefined> {
  if (accounts === undefined) {
    if (remote.control) {
      logger.warn(
        "The Control API is open to other machines and has no accounts: anyone who reaches it can run " +
          "code on every node, stop runs and fetch results. Accounts come with --oidc-issuer",
        { event: "control-without-accounts" },
      );
    }
    return undefined;
  }
  if (listeners.driver !== undefined) {
    logger.warn(
      "The Driver API has no accounts: every user of this machine can start ServerApps with it. " +
        "To switch it off, use --driver-api-address none",
      { event: "driver-without-accounts" },
    );
  }
  const { openAccounts } = await load<typeof import("./accounts/open_accounts.ts")>(
    new URL("./accounts/open_accounts.ts", import.meta.url),
  );
  return await openAccounts(accounts, { tokens, signal });
}

/** Starts to follow the files of the certificate, if there is one. */
async function startRenewal(
  { tls }: SuperLinkConfig,
  renew: Serving["renew"],
  signal: AbortSignal,
): Promise<CertificateRenewal | undefined> {
  if (tls === undefined) return undefined;
  const { followCertificate } = await load<typeof import("./certificate_renewal.ts")>(
    new URL("./certificate_renewal.ts", import.meta.url),
  );
  return await followCertificate(tls, { renew, signal });
}

/** Starts to run submitted apps. */
async function startLauncher(
  config: SuperLinkConfig,
  link: Link,
  { runtime, nodeWorkOf }: SuperLinkServices,
  { http }: OpenListeners,
  isShared: boolean,
): Promise<Launching> {
  const { startLaunching } = await load<typeof import("./launch/start.ts")>(
    new URL("./launch/start.ts", import.meta.url),
  );
  return startLaunching({
    link,
    runtime,
    nodeWorkOf,
    runs: config.runs,
    isLasting: config.database.kind !== "memory",
    isShared,
    ...(http === undefined ? {} : { runtimeAddress: localAddress(http, config.tls?.hosts) }),
    ...(config.tls === undefined ? {} : { authorityFile: config.tls.authorityFile }),
  });
}

/** Why a run with unanswered instructions goes on, or does not, by the kind of database. */
const OUTLOOKS: Readonly<Record<DatabaseConfig["kind"], string>> = {
  memory: "its state is lost, because this SuperLink has no database (--database :memory:)",
  postgres: "the run continues at the other SuperLinks on this database, or when one starts again",
  sqlite: "the run continues when the SuperLink starts again with this database",
};

/** Warns about unfinished runs that a user started by hand. The store knows them, not this SuperLink's events alone. */
async function warnOfRuns(link: Link, database: DatabaseConfig["kind"]): Promise<void> {
  // A store that fails is reported elsewhere.
  for (const { runId, count } of await link.messages.unanswered().catch(() => [])) {
    logger.warn("Run {runId} has {unanswered} unanswered instructions: {outlook}", {
      runId,
      unanswered: count,
      outlook: OUTLOOKS[database],
    });
  }
}
