import { ServerInterceptingCall, type ServerInterceptor, status as Status } from "@grpc/grpc-js";
import { BodyPace, type PaceLimits, TOO_SLOW } from "./body_pace.ts";
import { closeUnread, limitRequest, streamOf } from "./grpc_stream.ts";

/**
 * Bounds how large a request may be and how slowly it may come, from the time on at which its call was let in, and
 * sees to it that a call which is answered earlier sends no more. Must come after whatever lets calls in.
 *
 * @param maxBytes of a request, by full method path; of methods that are not there nothing is bounded but the pace
 */
export function watchRequests(
  maxBytes: ReadonlyMap<string, number>,
  pace: PaceLimits,
): ServerInterceptor {
  return (method, below) => {
    const limit = maxBytes.get(method.path);
    if (limit !== undefined) limitRequest(below, limit);
    let watch: BodyPace | undefined;
    const end = () => watch?.[Symbol.dispose]();
    return new ServerInterceptingCall(below, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, forward) => {
            watch = new BodyPace(
              pace,
              // As over HTTP: a client of either wire tries again.
              () => below.sendStatus({ code: Status.UNAVAILABLE, details: TOO_SLOW }),
            );
            streamOf(below)?.on("data", (part: Uint8Array) => watch?.take(part.length));
            forward(metadata);
          },
          onReceiveHalfClose: (forward) => {
            end();
            forward();
          },
          // Called at the end of every call, whoever ended it.
          onCancel: () => {
            end();
            closeUnread(below);
          },
        }),
    });
  };
}
