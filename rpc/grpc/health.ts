import { bindService, type ServiceBinding } from "../service.ts";
import { FlwrError } from "../../base/error.ts";
import { Health, HealthCheckResponse_ServingStatus } from "../../proto/gen/health/health_pb.ts";

/** Bytes of a request, which holds one name. Anyone may send one, so larger ones are neither kept nor decompressed. */
const MAX_REQUEST_BYTES = 1024;

/**
 * gRPC's standard health service, open to everyone: SERVING for the server as a whole ("") and for each of its
 * services.
 *
 * @param services full names of the services that the server has
 */
export function healthService(services: Iterable<string>): ServiceBinding {
  const known = new Set(["", Health.typeName, ...services]);
  return bindService(Health, {
    authenticate: () => Promise.resolve(undefined),
    maxRequestBytes: () => MAX_REQUEST_BYTES,
    handlers: {
      check: ({ service }) => {
        if (!known.has(service)) {
          throw new FlwrError("not-found", `Service "${service}" does not exist on this server`);
        }
        return Promise.resolve({ status: HealthCheckResponse_ServingStatus.SERVING });
      },
    },
  });
}
