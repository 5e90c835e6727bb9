import type { Buffer } from "node:buffer";
import {
  type Client,
  type ClientReadableStream,
  connectivityState,
  type Metadata,
  status as Status,
} from "@grpc/grpc-js";
import type { WireStatus } from "./status.ts";

/** Parameters of one call through grpc-js. */
export interface GrpcRequest {
  readonly path: string;
  readonly bytes: Buffer;
  readonly metadata: Metadata;
  readonly timeoutSeconds?: number;
  readonly connectTimeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** A response's bytes and headers (gRPC: initial metadata). */
export interface UnarySuccess {
  readonly response: Uint8Array;
  readonly headers?: Metadata;
}

const same = (bytes: Buffer) => bytes;

/** Makes one attempt at a call. Never rejects: a failure is returned as a status. */
export function unaryCall(
  client: Client,
  { path, bytes, metadata, timeoutSeconds, connectTimeoutSeconds, signal }: GrpcRequest,
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
      resolve(response === undefined ? statusOf(client, error) : { response, headers });
    },
  );
  call.on("metadata", (received) => headers = received);
  const cancel = () => call.cancel();
  signal.addEventListener("abort", cancel);
  const timer = giveUpConnecting(client, connectTimeoutSeconds, () => {
    resolve(NOT_CONNECTED);
    call.cancel();
  });
  return promise;
}

/** In grpc-js's own words, which rpc/diagnose.ts recognises. */
const NOT_CONNECTED: WireStatus = {
  code: Status.UNAVAILABLE,
  details: "No connection established: ETIMEDOUT",
};

/**
 * Makes one attempt at a server-streaming call, and ends it when the iteration ends.
 *
 * @returns the status it failed with, after the messages; undefined if it succeeded
 */
export async function* streamCall(
  client: Client,
  { path, bytes, metadata, timeoutSeconds, connectTimeoutSeconds, signal }: GrpcRequest,
): AsyncGenerator<Uint8Array, WireStatus | undefined, void> {
  const deadline = timeoutSeconds === undefined ? undefined : Date.now() + timeoutSeconds * 1000;
  const call: ClientReadableStream<Buffer> = client
    .makeServerStreamRequest<Buffer, Buffer>(path, same, same, bytes, metadata, { deadline });
  let notConnected = false;
  const timer = giveUpConnecting(client, connectTimeoutSeconds, () => {
    notConnected = true;
    call.cancel();
  });
  const cancel = () => call.cancel();
  signal.addEventListener("abort", cancel);
  try {
    for await (const message of call) yield message;
    return undefined;
  } catch (error) {
    return notConnected ? NOT_CONNECTED : statusOf(client, error as WireStatus | null);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
    call.cancel();
  }
}

/** grpc-js's text, with status INTERNAL, for a response that ends without a status. */
const CUT_SHORT = /^Received RST_STREAM with code 0 \(/;
/** grpc-js's text, with status INTERNAL, for a call whose connection ended before the call started. */
const NOT_STARTED =
  /^Failed to start HTTP\/2 stream with error (?:The session has been destroyed|New streams cannot be created after receiving a GOAWAY)/;

/**
 * The status of a failed call; UNAVAILABLE where grpc-js says INTERNAL although only the connection ended. After a
 * GOAWAY, Deno's node:http2 closes a connection as soon as the last response has arrived, and can lose its end.
 */
function statusOf(client: Client, error: { code: Status; details: string } | null): WireStatus {
  if (error === null) return { code: Status.INTERNAL, details: "No response" };
  const { details } = error;
  const connected = client.getChannel().getConnectivityState(false) === connectivityState.READY;
  const dropped = NOT_STARTED.test(details) || CUT_SHORT.test(details) && !connected;
  return dropped ? { code: Status.UNAVAILABLE, details: "Connection dropped" } : error;
}

/**
 * Calls `giveUp` if the client does not connect within the time. Without it a call waits for minutes for a host that
 * does not respond at all.
 *
 * @returns a timer that the end of the call must clear; undefined if the client is already connected
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
