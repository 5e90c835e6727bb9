import type { Buffer } from "node:buffer";
import { type Client, connectivityState, type Metadata, status as Status } from "@grpc/grpc-js";
import type { WireStatus } from "./status.ts";

/** One call as grpc-js makes it. */
export interface UnaryRequest {
  readonly path: string;
  readonly bytes: Buffer;
  readonly metadata: Metadata;
  readonly timeoutSeconds?: number;
  readonly connectTimeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** An answer's bytes and headers (gRPC: initial metadata). */
export interface UnarySuccess {
  readonly response: Uint8Array;
  readonly headers?: Metadata;
}

const same = (bytes: Buffer) => bytes;

/** Makes one try of a call. Never rejects: a failure is a status. */
export function unaryCall(
  client: Client,
  { path, bytes, metadata, timeoutSeconds, connectTimeoutSeconds, signal }: UnaryRequest,
): Promise<UnarySuccess | WireStatus> {
  const { promise, resolve } = Promise.withResolvers<UnarySuccess | WireStatus>();
  const deadline = timeoutSeconds === undefined ? undefined : Date.now() + timeoutSeconds * 1000;
  let headers: Metadata | undefined;
  const call = client.makeUnaryRequest(
    path,
    same,
    same,
    bytes,
    metadata,
    { deadline },
    (error, response) => {
      signal.removeEventListener("abort", cancel);
      clearTimeout(timer);
      resolve(response === undefined ? statusOf(error) : { response, headers });
    },
  );
  call.on("metadata", (received) => headers = received);
  const cancel = () => call.cancel();
  signal.addEventListener("abort", cancel);
  const timer = giveUpConnecting(client, connectTimeoutSeconds, () => {
    resolve({ code: Status.UNAVAILABLE, details: "No connection established: ETIMEDOUT" });
    call.cancel();
  });
  return promise;
}

function statusOf(error: { code: Status; details: string } | null): WireStatus {
  return error ?? { code: Status.INTERNAL, details: "No response" };
}

/**
 * Calls `giveUp` when the client is not connected within the time. Without it a call waits for minutes for a host
 * that does not answer at all.
 *
 * @returns a timer that the end of the call has to clear, unless the client is connected already
 */
function giveUpConnecting(
  client: Client,
  seconds: number,
  giveUp: () => void,
): ReturnType<typeof setTimeout> | undefined {
  const channel = client.getChannel();
  const state = () => channel.getConnectivityState(false);
  if (state() === connectivityState.READY) return undefined;
  const timer = setTimeout(giveUp, seconds * 1000);
  const watch = () => {
    if (state() === connectivityState.READY) clearTimeout(timer);
    else if (state() !== connectivityState.SHUTDOWN) {
      channel.watchConnectivityState(state(), Infinity, watch);
    }
  };
  watch();
  return timer;
}
