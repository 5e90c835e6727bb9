import { systemClock } from "../../base/clock.ts";
import { log } from "../../base/log.ts";
import type { Link } from "../../link/link.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { Fleet as OlderFleet } from "../../proto/gen/flwr-1.15/fleet_pb.ts";
import { Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import type { currentFleetHandlers } from "../../rpc/dialects/current/server/fleet_service.ts";
import { olderFleetHandlers } from "../../rpc/dialects/flwr-1.15/server/fleet_service.ts";
import { olderRequestBytes } from "../../rpc/dialects/current/server/fleet_policy.ts";
import { fleetAuthentication } from "../../rpc/dialects/flwr-1.9/server/authentication.ts";
import { driverHandlers } from "../../rpc/dialects/flwr-1.9/server/driver_service.ts";
import { fleetHandlers } from "../../rpc/dialects/flwr-1.9/server/fleet_service.ts";
import {
  legacyRequestBytes,
  legacyRequestUnits,
} from "../../rpc/dialects/flwr-1.9/server/policy.ts";
import { bindService, type ServiceBinding } from "../../rpc/service.ts";
import type { FleetAuthentications } from "./authentication.ts";
import { logFailure } from "./log_failure.ts";

const logger = log("superlink");

/** The APIs of Flower 1.8 to 1.22. They are loaded when gRPC is served, after today's APIs. */
export interface LegacyServices {
  /** Calls of SuperNodes of 1.15 to 1.22 that differ from today's. */
  readonly olderFleet: ServiceBinding;
  /** Calls of SuperNodes of 1.8 to 1.14. */
  readonly fleet: ServiceBinding;
  /** Calls of ServerApps of 1.8 to 1.14. */
  readonly driver: ServiceBinding;
}

/** Options of {@link legacyServices}. */
export interface LegacyServicesOptions {
  readonly link: Pick<Link, "nodes" | "runs" | "messages" | "objects">;
  readonly authentications: FleetAuthentications;
  /** Handlers of today's calls, which 1.20 to 1.22 use as well. */
  readonly currentFleet: ReturnType<typeof currentFleetHandlers>;
}

/** Creates the APIs. */
export function legacyServices(
  { link, authentications: { current, legacy }, currentFleet }: LegacyServicesOptions,
): LegacyServices {
  const never = new AbortController().signal;
  return {
    olderFleet: bindService(OlderFleet, {
      ...current,
      handlers: olderFleetHandlers(link, {
        current: currentFleet,
        clock: systemClock,
        onError: logFailure,
        on119: (nodeId) =>
          logger.warn(
            "Node {nodeId} runs Flower 1.19, which is not supported: install 1.18 or 1.20",
            {
              nodeId,
            },
          ),
      }),
      maxRequestBytes: olderRequestBytes,
    }),
    fleet: bindService(Fleet, {
      ...legacy === undefined
        ? { authenticate: () => Promise.resolve({ revoked: never }) }
        : fleetAuthentication(legacy),
      handlers: fleetHandlers(link, logFailure),
      maxRequestBytes: legacyRequestBytes,
      maxRequestUnits: legacyRequestUnits,
    }),
    driver: bindService(Driver, {
      authenticate: () => Promise.resolve({}),
      handlers: driverHandlers(link),
      maxRequestBytes: legacyRequestBytes,
      maxRequestUnits: legacyRequestUnits,
    }),
  };
}
