import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { noteEntry } from "./entries.ts";
import { bytesHeader, textHeader } from "./grpc_call.ts";
import type { BoundMethod } from "./service.ts";
import { admitCall } from "./shared_path.ts";
import { statusOf } from "./status.ts";

/**
 * Lets calls in by their headers alone. A refused call's body is never read: HTTP/2's flow control keeps all but
 * the first window of it with the sender.
 *
 * @param guarded the methods of each path where somebody must be asked; other paths are open
 */
export function admission(
  guarded: ReadonlyMap<string, readonly BoundMethod[]>,
): ServerInterceptor {
  return (method, below) => {
    const methods = guarded.get(method.path);
    if (methods === undefined) return new ServerInterceptingCall(below);
    return new ServerInterceptingCall(below, {
      start: (next) =>
        next({
          onReceiveMetadata: async (metadata, forward) => {
            try {
              const entry = await admitCall(methods, {
                transport: "grpc",
                method: method.path,
                peer: below.getPeer(),
                header: (name) => textHeader(metadata, name),
                headerBytes: (name) => bytesHeader(metadata, name),
              });
              noteEntry(metadata, entry);
            } catch (error) {
              return below.sendStatus(statusOf(error));
            }
            forward(metadata);
          },
        }),
    });
  };
}
