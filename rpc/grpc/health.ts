import { aborted } from "../../base/aborted.ts";
import { bindService, type ServiceBinding } from "../service.ts";
import { Readiness } from "../readiness.ts";
import { FlwrError } from "../../base/error.ts";
import { Health, HealthCheckResponse_ServingStatus } from "../../proto/gen/health/health_pb.ts";

/** Bytes of a request, which holds one name. Anyone may send one, so larger ones are neither kept nor decompressed. */
const MAX_REQUEST_BYTES = 1024;

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;

/**
 * gRPC's standard health service, open to everyone: SERVING, or NOT_SERVING while the server is not ready and from when
 * it is about to stop, for the server as a whole ("") and for each of its services. The caller learns nothing else. A caller that no other call
 * admits can watch for half a minute; then its connection is drained, and it watches again.
 *
 * @param services full names of the services that the server has
 * @param stopping aborted when the server is about to stop
 */
export function healthService(
  services: Iterable<string>,
  stopping?: AbortSignal,
  readiness = new Readiness(),
): ServiceBinding {
  const known = new Set(["", Health.typeName, ...services]);
  const status = () => stopping?.aborted || !readiness.isReady ? NOT_SERVING : SERVING;
  return bindService(Health, {
    authenticate: () => Promise.resolve(undefined),
    maxRequestBytes: () => MAX_REQUEST_BYTES,
    handlers: {
      check: ({ service }) => {
        if (!known.has(service)) {
          throw new FlwrError("not-found", `Service "${service}" does not exist on this server`);
        }
        return Promise.resolve({ status: status() });
      },
      async *watch({ service }, { signal }) {
        const ending = stopping === undefined ? signal : AbortSignal.any([signal, stopping]);
        if (!known.has(service)) {
          yield { status: SERVICE_UNKNOWN };
          return await aborted(ending);
        }
        for (let last: typeof SERVING | typeof NOT_SERVING | undefined; !signal.aborted;) {
          const now = status();
          if (now !== last) {
            yield { status: last = now };
          } else if (ending.aborted) return;
          else await readiness.changed(ending);
        }
      },
    },
  });
}
