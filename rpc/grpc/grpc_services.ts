import type { Logger } from "@logtape/logtape";
import { answerInParts, answerStream, logOutcome, UndecodableRequest } from "../answer.ts";
import { GrpcCall, type GrpcCallLimits } from "./grpc_call.ts";
import { Status } from "./grpc_status.ts";
import { encodeFields } from "../http2/hpack/encode.ts";
import type { CallEnd, CallProgress } from "../http2/server.ts";
import type { Http2Stream } from "../http2/stream.ts";
import { SMALL_BODY_BYTES } from "../limits.ts";
import { type BoundMethod, methodPath, type ServiceBinding } from "../service.ts";
import { admitCall, methodFor } from "../shared_path.ts";
import { statusOf, type WireStatus } from "./status.ts";

/** What 1.9 answers to bytes that are no message of the expected type. */
const UNDECODABLE: WireStatus = {
  code: Status.INTERNAL,
  details: "Exception deserializing request!",
};

/** The methods of one path. */
export type PathMethods = readonly [BoundMethod, ...BoundMethod[]];

/** Lays the methods of services out by path. Services of the same name may share one. */
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

/** How methods are answered. */
export interface ServeOptions extends GrpcCallLimits {
  /** What is hidden from callers goes there. */
  readonly log: Logger;
}

/**
 * Answers a call: who calls is asked by its head, before a byte of its body is taken (HTTP/2's flow control keeps all but
 * the first window of it with the caller); then its request is read, and handed to the method. A call whose caller is
 * gone meanwhile goes no further. Never rejects.
 *
 * @param progress told as soon as something is known of the caller
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
  const call = new GrpcCall(path, stream, options);
  const methods = byPath.get(path);
  if (methods === undefined) {
    call.refuse({ code: Status.UNIMPLEMENTED, details: `There is no method ${path}` });
    return "refused";
  }
  try {
    await answer(call, methods, options, progress);
  } catch (error) {
    // Whoever is gone is told nothing, and of a call that nobody waits for the log says no more than of others.
    logOutcome(options.log, call, error);
    call.refuse(grpcStatusOf(error));
  }
  if ("caller" in call) return call.caller === undefined ? "gone" : "let-in";
  // Whoever was let in by the head is known, whatever the request was.
  if (call.entry?.found !== undefined) return "let-in";
  return call.gone ? "gone" : "refused";
}

async function answer(
  call: GrpcCall,
  methods: PathMethods,
  { log }: ServeOptions,
  progress: (progress: CallProgress) => void,
): Promise<void> {
  const guarded = methods.some(({ admit }) => admit !== undefined);
  const entry = call.entry = guarded ? await admitCall(methods, call) : undefined;
  const largest = Math.max(
    ...methods.map((method) =>
      method.maxRequestBytes(method === entry?.method ? entry.found : undefined)
    ),
  );
  if (guarded || largest > SMALL_BODY_BYTES) progress("heard");
  call.onIdentified = (caller) => caller !== undefined && progress("let-in");
  const bytes = await call.readMessage(largest);
  const method = methodFor(methods, bytes, call);
  if (method.desc.methodKind === "unary") {
    const parts = await answerInParts(method, bytes, call, entry);
    logOutcome(log, call);
    const sent = call.send(parts);
    call.end();
    return await sent;
  }
  // Whoever makes the messages sees `call.signal` when the caller is gone.
  for await (const message of answerStream(method, bytes, call, entry)) {
    if (call.gone) return;
    await call.send([message]);
  }
  logOutcome(log, call);
  call.end();
}

/** The HTTP status of a request that is no call of gRPC's. */
function notGrpc({ headers }: Http2Stream): "405" | "415" | undefined {
  if (headers.get(":method") !== "POST") return "405";
  return headers.get("content-type")?.startsWith("application/grpc") ? undefined : "415";
}

function grpcStatusOf(error: unknown): WireStatus {
  return error instanceof UndecodableRequest ? UNDECODABLE : statusOf(error);
}
