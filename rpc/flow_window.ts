import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { SERVER_WINDOW_BYTES } from "./limits.ts";

/**
 * grpc-js has an option for a client's flow-control window but none for a server's. These two functions reach for
 * the fields of its server (1.14) in which the HTTP/2 settings and the listening servers are kept. Where a later
 * version has others they do nothing, and the test beside this file says so.
 */
interface ServerFields {
  readonly commonServerOptions?: { settings?: Record<string, number> };
  readonly http2Servers?: ReadonlyMap<Http2Server, unknown>;
}

/** Makes each call's window larger. To be called before the server listens. */
export function widenStreamWindows(server: Server): void {
  const options = fieldsOf(server).commonServerOptions;
  if (options === undefined) return;
  options.settings = { ...options.settings, initialWindowSize: SERVER_WINDOW_BYTES };
}

/** Makes the window that all calls of one connection share as large. To be called when the server listens. */
export function widenConnectionWindows(server: Server): void {
  for (const listener of fieldsOf(server).http2Servers?.keys() ?? []) {
    listener.on("session", (session: ServerHttp2Session) => {
      session.setLocalWindowSize(SERVER_WINDOW_BYTES);
    });
  }
}

function fieldsOf(server: Server): ServerFields {
  return server as unknown as ServerFields;
}
