import type { Buffer } from "node:buffer";
import {
  type Client,
  type ClientUnaryCall,
  connectivityState,
  type Metadata,
  status as Status,
} from "@grpc/grpc-js";
import { CONNECT_TIMEOUT_MS } from "./limits.ts";
import type { WireStatus } from "./status.ts";

/** One call as grpc-js makes it. */
export interface UnaryRequest {
  readonly path: string;
  readonly bytes: Buffer;
  readonly metadata: Metadata;
  readonly timeoutSeconds?: number;
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
  { path, bytes, metadata, timeoutSeconds, signal }: UnaryRequest,
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
  const timer = giveUpConnecting(client, call, () => {
    resolve({ code: Status.UNAVAILABLE, details: "No connection established: ETIMEDOUT" });
    call.cancel();
  });
  return promise;
}

function statusOf(error: { code: Status; details: string } | null): WireStatus {
  return error ?? { code: Status.INTERNAL, details: "No response" };
}

/** Without this a call waits for minutes for a host that does not answer at all. */
function giveUpConnecting(
  client: Client,
  call: ClientUnaryCall,
  giveUp: () => void,
): ReturnType<typeof setTimeout> | undefined {
  const channel = client.getChannel();
  if (channel.getConnectivityState(false) === connectivityState.READY) return undefined;
  // Until a call is on a connection, grpc-js gives the channel's target as its peer.
  const onConnection = () => call.getPeer() !== channel.getTarget();
  return setTimeout(() => onConnection() || giveUp(), CONNECT_TIMEOUT_MS);
}
