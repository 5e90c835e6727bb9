import type { Logger } from "@logtape/logtape";
import { FlwrError } from "../../base/error.ts";
import { answerInParts, answerStream, UndecodableRequest } from "../answer.ts";
import { type CallEnding, callEnding, type OnCallEnd } from "../call_end.ts";
import { GrpcCall, type GrpcCallLimits } from "./grpc_call.ts";
import { Status } from "./grpc_status.ts";
import { encodeFields } from "../http2/hpack/encode.ts";
import type { CallEnd, CallProgress } from "../http2/server.ts";
import type { Http2Stream } from "../http2/stream.ts";
import { SMALL_BODY_BYTES } from "../limits.ts";
import { type Origin, originOf } from "../proxies/origin.ts";
import type { TrustedProxies } from "../proxies/trusted_proxies.ts";
import { type BoundMethod, methodPath, type ServiceBinding } from "../service.ts";
import { admitCall, methodFor } from "../shared_path.ts";
import { statusOf, type WireStatus } from "./status.ts";

/** Flower 1.9's status for bytes that do not decode as the expected message. */
const UNDECODABLE: WireStatus = {
  code: Status.INTERNAL,
  details: "Exception deserializing request!",
};

/** Methods that share one path. */
export type PathMethods = readonly [BoundMethod, ...BoundMethod[]];

/** Groups the methods of services by path. Services with the same name may share one. */
export function methodsByPath(services: readonly ServiceBinding[]): Map<string, PathMethods> {
  const byPath = new Map<string, [BoundMethod, ...BoundMethod[]]>();
  for (const method of services.flatMap(({ methods }) => methods)) {
    const path = methodPath(method.desc);
    const others = byPath.get(path);
    if (others === undefined) {
      byPath.set(path, [method]);
      continue;
    }
    if (others[0].desc.methodKind !== method.desc.methodKind) {
      throw new Error(`${path} cannot be both unary and streaming`);
    }
    others.push(method);
  }
  return byPath;
}

/** Options of {@link answerGrpc}. */
export interface ServeOptions extends GrpcCallLimits {
  /** Gets the errors that callers do not see. */
  readonly log: Logger;
  /** The proxies that are believed when they name their callers. */
  readonly proxies?: TrustedProxies | undefined;
  /** Called at the end of each call of a service's method. */
  readonly onCallEnd?: OnCallEnd | undefined;
}

/**
 * Answers a call: checks its headers before any of its body is read (HTTP/2's flow control leaves all but the first
 * window with the caller), then reads the request and calls the method. If the caller disconnects meanwhile, the call
 * ends. Never rejects.
 *
 * @param progress called as soon as something is known about the caller
 */
export async function answerGrpc(
  stream: Http2Stream,
  byPath: ReadonlyMap<string, PathMethods>,
  options: ServeOptions,
  progress: (progress: CallProgress) => void,
): Promise<CallEnd> {
  const problem = notGrpc(stream);
  if (problem !== undefined) {
    stream.sendHeaders(encodeFields([[":status", problem]]), true);
    return "refused";
  }
  const path = stream.headers.get(":path")!;
  const origin = originOrRefusal(stream, options.proxies);
  if (origin instanceof FlwrError) {
    new GrpcCall(path, stream, { peer: stream.peer }, options).refuse(statusOf(origin));
    return "refused";
  }
  const call = new GrpcCall(path, stream, origin, options);
  const methods = byPath.get(path);
  if (methods === undefined) {
    call.refuse({ code: Status.UNIMPLEMENTED, details: `There is no method ${path}` });
    return "refused";
  }
  const ended = callEnding(options.log, options.onCallEnd);
  try {
    await answer(call, methods, ended, progress);
  } catch (error) {
    // If the caller has disconnected, nothing is sent. Such calls are logged like any other.
    const { watch } = methods.find(({ watch }) => watch !== undefined) ?? {};
    ended(call, error, watch);
    call.refuse(grpcStatusOf(error));
  }
  if ("caller" in call) return call.caller === undefined ? "gone" : "admitted";
  // A caller admitted by its headers is known, even if its request is bad.
  if (call.admission?.found !== undefined) return "admitted";
  return call.gone ? "gone" : "refused";
}

function originOrRefusal(
  { peer, headers }: Http2Stream,
  proxies: TrustedProxies | undefined,
): Origin | FlwrError {
  try {
    return originOf(peer, (name) => headers.list(name), proxies);
  } catch (error) {
    return FlwrError.from(error);
  }
}

async function answer(
  call: GrpcCall,
  methods: PathMethods,
  ended: CallEnding,
  progress: (progress: CallProgress) => void,
): Promise<void> {
  const guarded = methods.some(({ admit }) => admit !== undefined);
  const admission = call.admission = guarded ? await admitCall(methods, call) : undefined;
  const largest = Math.max(
    ...methods.map((method) =>
      method.maxRequestBytes(method === admission?.method ? admission.found : undefined)
    ),
  );
  if (guarded || largest > SMALL_BODY_BYTES) progress("headers-accepted");
  call.onIdentified = (caller) => caller !== undefined && progress("admitted");
  const bytes = await call.readMessage(largest);
  const method = methodFor(methods, bytes, call);
  if (method.desc.methodKind === "unary") {
    const parts = await answerInParts(method, bytes, call, admission);
    ended(call);
    const sent = call.send(parts);
    call.end();
    return await sent;
  }
  // The handler sees `call.signal` when the caller disconnects.
  for await (const message of answerStream(method, bytes, call, admission)) {
    if (call.gone) return;
    await call.send([message]);
  }
  ended(call);
  call.end();
}

/** The HTTP status for a request that is not a gRPC call; undefined for one that is. */
function notGrpc({ headers }: Http2Stream): "405" | "415" | undefined {
  if (headers.get(":method") !== "POST") return "405";
  return headers.get("content-type")?.startsWith("application/grpc") ? undefined : "415";
}

function grpcStatusOf(error: unknown): WireStatus {
  return error instanceof UndecodableRequest ? UNDECODABLE : statusOf(error);
}
