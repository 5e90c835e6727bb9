import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import type { Admit } from "./call.ts";
import { bytesHeader, textHeader } from "./grpc_call.ts";
import { statusOf } from "./status.ts";

/**
 * Lets calls in by their headers alone. A refused call's body is never read: HTTP/2's flow control keeps all but
 * the first window of it with the sender.
 *
 * @param admits by full method path; methods that are not there are let in
 */
export function admission(admits: ReadonlyMap<string, Admit>): ServerInterceptor {
  return (method, below) => {
    const admit = admits.get(method.path);
    if (admit === undefined) return new ServerInterceptingCall(below);
    return new ServerInterceptingCall(below, {
      start: (next) =>
        next({
          onReceiveMetadata: async (metadata, forward) => {
            try {
              await admit({
                transport: "grpc",
                method: method.path,
                peer: below.getPeer(),
                header: (name) => textHeader(metadata, name),
                headerBytes: (name) => bytesHeader(metadata, name),
              });
            } catch (error) {
              return below.sendStatus(statusOf(error));
            }
            forward(metadata);
          },
        }),
    });
  };
}
