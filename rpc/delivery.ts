import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { streamOf } from "./grpc_stream.ts";

/** grpc-js hands interceptors and handler the same metadata object, and nothing else that is common to both. */
const outcomes = new WeakMap<Metadata, Promise<boolean>>();

/** Makes {@link delivered} work on a server. */
export const trackDelivery: ServerInterceptor = (_method, below) =>
  new ServerInterceptingCall(below, {
    start: (next) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      next({
        onReceiveMetadata: (metadata, forward) => {
          outcomes.set(metadata, promise);
          forward(metadata);
        },
        // Called at the end of every call, good or bad.
        onCancel: () => resolve(sentWhole(below)),
      });
    },
  });

/**
 * HTTP/2 asks for the trailers when the last byte before them has been handed to the network within the receiver's
 * flow-control window; only an answer with a message has trailers of its own. (The callback of a write comes too
 * early to tell: in Deno when the bytes are queued.)
 */
function sentWhole(call: ServerInterceptingCallInterface): boolean {
  return streamOf(call)?.sentTrailers !== undefined;
}

/**
 * Tells, after a call has ended, whether its answer was handed to the network whole.
 *
 * @param metadata the call's request metadata
 */
export function delivered(metadata: Metadata): Promise<boolean> {
  const outcome = outcomes.get(metadata);
  if (outcome === undefined) throw new Error("The server does not track deliveries");
  return outcome;
}
