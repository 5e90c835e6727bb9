import type { LinkService } from "../../link/link.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import {
  fleetAuthentication,
  type FleetAuthenticationOptions,
} from "../../rpc/dialects/flwr-1.9/server/authentication.ts";
import { driverHandlers } from "../../rpc/dialects/flwr-1.9/server/driver_service.ts";
import { fleetHandlers } from "../../rpc/dialects/flwr-1.9/server/fleet_service.ts";
import { legacyRequestBytes } from "../../rpc/dialects/flwr-1.9/server/request_bytes.ts";
import { bindService, type ServiceBinding } from "../../rpc/service.ts";
import { logFailure } from "./log_failure.ts";

/** The APIs of Flower 1.8 to 1.14. They are loaded where gRPC is served, after today's are. */
export interface LegacyServices {
  /** For SuperNodes. */
  readonly fleet: ServiceBinding;
  /** For ServerApps. */
  readonly driver: ServiceBinding;
}

/**
 * Puts the APIs over the domain.
 *
 * @param authentication how SuperNodes are told from strangers; without it every one is admitted
 */
export function legacyServices(
  link: LinkService,
  authentication: FleetAuthenticationOptions | undefined,
): LegacyServices {
  const never = new AbortController().signal;
  return {
    fleet: bindService(Fleet, {
      ...authentication === undefined
        ? { authenticate: () => Promise.resolve({ revoked: never }) }
        : fleetAuthentication(authentication),
      handlers: fleetHandlers(link, logFailure),
      maxRequestBytes: legacyRequestBytes,
    }),
    driver: bindService(Driver, {
      authenticate: () => Promise.resolve({}),
      handlers: driverHandlers(link),
      maxRequestBytes: legacyRequestBytes,
    }),
  };
}
