import { startServer } from "./server.ts";

/** Seconds that an open question after the health may take when the process ends. */
const CLOSE_SECONDS = 1;

/** A health service that is served. */
export interface HealthService extends AsyncDisposable {
  /** "host:port", as taken. */
  readonly address: string;
}

/** Serves gRPC's health service, without TLS. @throws FlwrError "unavailable" when it cannot listen there */
export async function startHealth(address: string): Promise<HealthService> {
  const server = await startServer({ address, services: [] });
  return {
    address: server.address,
    [Symbol.asyncDispose]: () => server.close(CLOSE_SECONDS),
  };
}
