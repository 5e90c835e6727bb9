import { ExecutorSecret } from "../../auth/executor_secret.ts";
import type { LastingReplayGuard } from "../../auth/lasting_replay_guard.ts";
import { systemClock } from "../../base/clock.ts";
import { log } from "../../base/log.ts";
import { readFab } from "../../fab/read.ts";
import type { LinkService } from "../../link/link.ts";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { Fleet as Fleet19 } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import { controlAuthentication } from "../../rpc/dialects/current/server/control_authentication.ts";
import { controlRequestBytes } from "../../rpc/dialects/current/server/control_request_bytes.ts";
import { controlHandlers } from "../../rpc/dialects/current/server/control_service.ts";
import { fleetRequestBytes } from "../../rpc/dialects/current/server/fleet_request_bytes.ts";
import { currentFleetHandlers } from "../../rpc/dialects/current/server/fleet_service.ts";
import { linkRuntimeBackend } from "../../rpc/dialects/current/server/link_runtime.ts";
import { runtimeRequestBytes } from "../../rpc/dialects/current/server/runtime_request_bytes.ts";
import { runtimeHandlers } from "../../rpc/dialects/current/server/runtime_service.ts";
import {
  type Executors,
  taskAuthentication,
} from "../../rpc/dialects/current/server/task_authentication.ts";
import { driverHandlers } from "../../rpc/dialects/flwr-1.9/server/driver_service.ts";
import { fleetHandlers } from "../../rpc/dialects/flwr-1.9/server/fleet_service.ts";
import { legacyRequestBytes } from "../../rpc/dialects/flwr-1.9/server/request_bytes.ts";
import type { Download } from "../../rpc/http/download.ts";
import { bindService, type ServiceBinding } from "../../rpc/service.ts";
import type { FleetAuthentications } from "./authentication.ts";
import type { ArtifactDownloads } from "./artifact_downloads.ts";
import type { RunsConfig } from "./config.ts";

/** Every API of a SuperLink, over one domain, for whichever listener is to serve it. */
export interface SuperLinkServices {
  readonly fleet: ServiceBinding;
  /** For SuperNodes of Flower 1.8 to 1.14. */
  readonly fleet19: ServiceBinding;
  readonly control: ServiceBinding;
  readonly runtime: ServiceBinding;
  readonly driver: ServiceBinding;
  /** Over HTTP. */
  readonly artifacts: Download;
}

/** What the APIs are made with. */
export interface ServicesOptions {
  readonly link: LinkService;
  readonly authentications: FleetAuthentications;
  /** Remembers the signatures of programs that take on tasks. */
  readonly replays: LastingReplayGuard;
  /** Whether SuperNodes may not register themselves. */
  readonly knownKeysOnly: boolean;
  readonly runs: RunsConfig;
  readonly artifacts: ArtifactDownloads;
}

/** Puts the APIs over the domain. */
export function superLinkServices(
  { link, authentications, replays, knownKeysOnly, runs, artifacts }: ServicesOptions,
): SuperLinkServices {
  const backend = linkRuntimeBackend(link, systemClock);
  const { current, legacy } = authentications;
  return {
    fleet: bindService(Fleet, {
      ...current,
      handlers: currentFleetHandlers(link, { knownKeysOnly, onError: logFailure }),
      maxRequestBytes: fleetRequestBytes,
    }),
    fleet19: bindService(Fleet19, {
      ...legacy,
      handlers: fleetHandlers(link, logFailure),
      maxRequestBytes: legacyRequestBytes,
    }),
    control: bindService(Control, {
      ...controlAuthentication(),
      handlers: controlHandlers({
        link,
        readFab,
        clock: systemClock,
        artifactUrl: (runId, call) => artifacts.urlFor(runId, call),
      }),
      maxRequestBytes: controlRequestBytes,
    }),
    runtime: bindService(Runtime, {
      ...taskAuthentication({ backend, executors: executorsOf(runs, replays) }),
      handlers: runtimeHandlers(backend),
      maxRequestBytes: runtimeRequestBytes,
    }),
    driver: bindService(Driver, {
      authenticate: () => Promise.resolve({}),
      handlers: driverHandlers(link),
      maxRequestBytes: legacyRequestBytes,
    }),
    artifacts,
  };
}

function executorsOf(
  { where, superexecSecret }: RunsConfig,
  replays: LastingReplayGuard,
): Executors {
  if (where === "here") return "nobody";
  return superexecSecret === undefined
    ? "this-machine"
    : new ExecutorSecret(superexecSecret, systemClock, replays);
}

function logFailure(error: unknown): void {
  log("superlink").error("Internal error: {error}", { error });
}
