import { type RpcServer, startServer } from "./server.ts";

/**
 * Starts a server that answers gRPC's health checks and nothing else, in plain text, for whoever watches a process
 * that serves no gRPC otherwise.
 *
 * @param address "host:port" to listen on
 * @throws FlwrError as startServer does
 */
export function startHealthServer(address: string): Promise<RpcServer> {
  return startServer({ address, services: [] });
}
