import { type RpcServer, startServer } from "./server.ts";

/**
 * Starts a server for gRPC's health checks only, in plain text, for monitoring a process that serves no other gRPC.
 *
 * @param address "host:port" to listen on
 * @throws FlwrError as startServer does
 */
export function startHealthServer(address: string): Promise<RpcServer> {
  return startServer({ address, services: [] });
}
