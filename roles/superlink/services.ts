import { ExecutorSecret } from "../../auth/executor_secret.ts";
import type { Replays } from "./replays.ts";
import { systemClock } from "../../base/clock.ts";
import { load } from "../../base/load.ts";
import type { Link } from "../../link/link.ts";
import type { SettingTable } from "../../link/store/store.ts";
import { Control, Exec } from "../../proto/gen/current/control_pb.ts";
import { Accounts as AccountsApi } from "../../proto/gen/current/accounts_pb.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { NodeJobs } from "../../proto/gen/current/simulation_pb.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { controlAuthentication } from "../../rpc/dialects/current/server/control_authentication.ts";
import {
  accountsAuthentication,
  accountsHandlers,
} from "../../rpc/dialects/current/server/accounts_service.ts";
import { controlRequestBytes } from "../../rpc/dialects/current/server/control_policy.ts";
import {
  controlHandlers,
  execHandlers,
} from "../../rpc/dialects/current/server/control_service.ts";
import {
  fleetRequestBytes,
  MAX_SMALL_REQUEST_BYTES,
} from "../../rpc/dialects/current/server/fleet_policy.ts";
import type { BegunRuns } from "../../rpc/dialects/current/server/begun_runs.ts";
import { currentFleetHandlers } from "../../rpc/dialects/current/server/fleet_service.ts";
import { handStartedRuntime } from "../../rpc/dialects/current/server/hand_started.ts";
import { linkRuntimeBackend } from "../../rpc/dialects/current/server/link_runtime.ts";
import { nodeJobsRequestBytes } from "../../rpc/dialects/current/server/node_jobs_policy.ts";
import { nodeJobsHandlers, nodeWork } from "../../rpc/dialects/current/server/node_jobs_service.ts";
import { workerAuthentication } from "../../rpc/dialects/current/server/worker_authentication.ts";
import { runtimeRequestBytes } from "../../rpc/dialects/current/server/task_policy.ts";
import { runtimeRequestUnits } from "../../rpc/dialects/current/server/task_policy.ts";
import { runtimeHandlers } from "../../rpc/dialects/current/server/runtime_service.ts";
import {
  type Executors,
  taskAuthentication,
} from "../../rpc/dialects/current/server/task_authentication.ts";
import type { FileDownload } from "../../rpc/http/download.ts";
import { bindService, type ServiceBinding } from "../../rpc/service.ts";
import type { Accounts } from "./accounts/open_accounts.ts";
import type { FleetAuthentications } from "./authentication.ts";
import type { ArtifactDownloads } from "./artifact_downloads.ts";
import type { RunsConfig } from "./config.ts";
import type { LegacyServices, LegacyServicesOptions } from "./legacy_services.ts";
import type { JobBoards } from "./job_boards.ts";
import { logFailure } from "./log_failure.ts";
import { FederationSettings } from "./federation_settings.ts";

/** All APIs of a SuperLink, for its listeners. */
export interface SuperLinkServices {
  readonly fleet: ServiceBinding;
  readonly control: ServiceBinding;
  /** The Control API under its name of Flower up to 1.20. */
  readonly exec: ServiceBinding;
  readonly runtime: ServiceBinding;
  /** The caller's own account, over HTTP. */
  readonly accounts: ServiceBinding;
  /** For simulation workers. */
  readonly nodeJobs: ServiceBinding;
  /** For the ServerApp of a run whose nodes are simulated by workers. */
  readonly nodeWorkOf: (runId: bigint) => ServiceBinding;
  /** Runtime for ServerApps that were started by hand. */
  readonly handStarted: ServiceBinding;
  /** Loads the APIs of Flower 1.8 to 1.22. */
  readonly legacy: () => Promise<LegacyServices>;
  /** Over HTTP. */
  readonly artifacts: FileDownload;
}

/** Options of {@link superLinkServices}. */
export interface ServicesOptions {
  readonly link: Link;
  readonly authentications: FleetAuthentications;
  /** Refuses replayed signatures of SuperExecs. */
  readonly replays: Replays;
  /** Whether only registered or listed SuperNodes may join. */
  readonly knownKeysOnly: boolean;
  readonly runs: RunsConfig;
  /** Undefined without accounts. */
  readonly accounts: Accounts | undefined;
  /** Whether it serves without TLS. */
  readonly isPlain: boolean;
  readonly artifacts: ArtifactDownloads;
  /** The work of virtual nodes for simulation workers, by run. */
  readonly jobBoards: JobBoards;
  /** Settings that commands change. */
  readonly settings: SettingTable;
  /** Called with each call of the Control API. */
  readonly onControlCall: () => void;
  /** Called when an app is about to be submitted. */
  readonly expectRun: () => void;
  /** Reports the runs that begin to nodes. */
  readonly begunRuns: BegunRuns;
}

/** Creates the APIs. */
export function superLinkServices(
  {
    link,
    authentications,
    replays,
    knownKeysOnly,
    runs,
    accounts,
    isPlain,
    artifacts,
    jobBoards,
    settings,
    onControlCall,
    expectRun,
    begunRuns,
  }: ServicesOptions,
): SuperLinkServices {
  const backend = linkRuntimeBackend(link, systemClock);
  const currentFleet = currentFleetHandlers(link, {
    knownKeysOnly,
    onError: logFailure,
    begunRuns,
  });
  const control = controlHandlers({
    link,
    // Loaded with the first app, because nothing else needs most of these modules.
    readFab: async (content) => {
      const { readFab } = await load<typeof import("../../fab/read.ts")>(
        new URL("../../fab/read.ts", import.meta.url),
      );
      return readFab(content);
    },
    clock: systemClock,
    artifactUrl: (runId, call) => artifacts.urlFor(runId, call),
    expectRun,
    accounts: accounts?.gate,
    ...(runs.simulated && { simulated: new FederationSettings(settings) }),
  });
  const admission = controlAuthentication({
    onCall: onControlCall,
    accounts: accounts?.gate,
    isPlain,
  });
  const accountsOptions = {
    gate: accounts?.gate,
    book: accounts?.apiTokens,
    clock: systemClock,
    isPlain,
  };
  let legacyLoaded: Promise<LegacyServices> | undefined;
  return {
    fleet: bindService(Fleet, {
      ...authentications.current,
      handlers: currentFleet,
      maxRequestBytes: fleetRequestBytes,
    }),
    control: bindService(Control, {
      ...admission,
      handlers: control,
      maxRequestBytes: controlRequestBytes,
    }),
    exec: bindService(Exec, {
      ...admission,
      handlers: execHandlers(control),
      maxRequestBytes: controlRequestBytes,
    }),
    runtime: bindService(Runtime, {
      ...taskAuthentication({ backend, executors: executorsOf(runs, replays) }),
      handlers: runtimeHandlers(backend),
      maxRequestBytes: runtimeRequestBytes,
      maxRequestUnits: runtimeRequestUnits,
    }),
    accounts: bindService(AccountsApi, {
      ...accountsAuthentication(accountsOptions),
      handlers: accountsHandlers(accountsOptions),
      maxRequestBytes: () => MAX_SMALL_REQUEST_BYTES,
    }),
    nodeJobs: bindService(NodeJobs, {
      ...workerAuthentication(link.runs),
      handlers: nodeJobsHandlers({
        link,
        boardOf: (runId) => jobBoards.of(runId),
      }),
      maxRequestBytes: nodeJobsRequestBytes,
    }),
    nodeWorkOf: (runId) => nodeWork(() => jobBoards.of(runId)),
    handStarted: handStartedRuntime(link, systemClock),
    legacy: () => legacyLoaded ??= loadLegacy({ link, authentications, currentFleet }),
    artifacts,
  };
}

function executorsOf(
  { where, superexecSecret }: RunsConfig,
  replays: Replays,
): Executors {
  if (where === "here") return "nobody";
  return superexecSecret === undefined
    ? "this-machine"
    : new ExecutorSecret(superexecSecret, systemClock, replays);
}

async function loadLegacy(options: LegacyServicesOptions): Promise<LegacyServices> {
  const { legacyServices } = await load<typeof import("./legacy_services.ts")>(
    new URL("./legacy_services.ts", import.meta.url),
  );
  return legacyServices(options);
}
