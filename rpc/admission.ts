import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { type CallHead, firstHeader } from "./server_call.ts";
import { statusOf } from "./status.ts";

/** Throws a FlwrError to refuse a call. */
export type Admit = (call: CallHead) => void | Promise<void>;

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
                method: method.path,
                peer: below.getPeer(),
                header: (name) => firstHeader(metadata, name),
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
