import { startServer } from "./server.ts";

/** Seconds that an open health check may take when the process ends. */
const CLOSE_SECONDS = 1;

/** A running health server. */
export interface HealthService extends AsyncDisposable {
  /** "host:port" with the actual port. */
  readonly address: string;
}

/** Starts a server for gRPC's health service, without TLS. @throws FlwrError "unavailable" if it cannot listen there */
export async function startHealth(address: string): Promise<HealthService> {
  const server = await startServer({ address, services: [] });
  return {
    address: server.address,
    [Symbol.asyncDispose]: () => server.close(CLOSE_SECONDS),
  };
}
