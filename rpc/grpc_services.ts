import { once } from "node:events";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Server,
  type ServerWritableStream,
  status as Status,
} from "@grpc/grpc-js";
import type { Logger } from "@logtape/logtape";
import { answerStream, answerUnary, logOutcome, UndecodableRequest } from "./answer.ts";
import type { ByteBudget } from "./byte_budget.ts";
import { asBuffer } from "./codec.ts";
import { GrpcCall } from "./grpc_call.ts";
import { type BoundMethod, methodPath, type ServiceBinding } from "./service.ts";
import { methodFor } from "./shared_path.ts";
import { statusOf, type WireStatus } from "./status.ts";

/** What 1.9 answers to bytes that are no message of the expected type. */
const UNDECODABLE: WireStatus = {
  code: Status.INTERNAL,
  details: "Exception deserializing request!",
};

/** Lays the methods of services out by path. Services of the same name may share one. */
export function methodsByPath(
  services: readonly ServiceBinding[],
): Map<string, readonly [BoundMethod, ...BoundMethod[]]> {
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
export interface ServeOptions {
  /** What is hidden from callers goes there. */
  readonly log: Logger;
  /** What bounds large answers. */
  readonly answers: ByteBudget;
}

/** Makes a server answer methods. */
export function serveMethods(
  server: Server,
  byPath: ReturnType<typeof methodsByPath>,
  options: ServeOptions,
): void {
  // Requests are decoded by the service: grpc-js would answer to malformed ones in words of its own.
  const same = (bytes: Uint8Array) => bytes;
  for (const [path, methods] of byPath) {
    if (methods[0].desc.methodKind === "unary") {
      server.register(path, unaryHandler(path, methods, options), asBuffer, same, "unary");
    } else {
      server.register(path, streamHandler(path, methods, options), asBuffer, same, "serverStream");
    }
  }
}

function unaryHandler(
  path: string,
  methods: readonly BoundMethod[],
  { log, answers }: ServeOptions,
): handleUnaryCall<Uint8Array, Uint8Array> {
  return async (grpcCall, send) => {
    const call = new GrpcCall(path, grpcCall, answers);
    const bytes = grpcCall.request;
    try {
      const response = await answerUnary(methodFor(methods, bytes, call), bytes, call, call.entry);
      logOutcome(log, call);
      call.end();
      call.sendHeaders();
      send(null, response);
    } catch (error) {
      logOutcome(log, call, error);
      call.end();
      send(grpcStatusOf(error));
    }
  };
}

function streamHandler(
  path: string,
  methods: readonly BoundMethod[],
  { log, answers }: ServeOptions,
): handleServerStreamingCall<Uint8Array, Uint8Array> {
  return async (stream) => {
    const call = new GrpcCall(path, stream, answers);
    const bytes = stream.request;
    const responses = answerStream(methodFor(methods, bytes, call), bytes, call, call.entry);
    try {
      await sendAll(responses, stream, call);
      logOutcome(log, call);
      call.end();
      stream.end();
    } catch (error) {
      logOutcome(log, call, error);
      call.end();
      stream.emit("error", grpcStatusOf(error));
    }
  };
}

/** Sends messages as the caller takes them. Whoever makes them sees `call.signal` when the caller is gone. */
async function sendAll(
  responses: AsyncIterable<Uint8Array>,
  stream: ServerWritableStream<Uint8Array, Uint8Array>,
  call: GrpcCall,
): Promise<void> {
  const { signal } = call;
  let first = true;
  for await (const response of responses) {
    if (signal.aborted) return;
    if (first) call.sendHeaders();
    first = false;
    if (!stream.write(response)) {
      // A caller that is gone takes nothing more.
      await once(stream, "drain", { signal }).catch(() => {});
    }
  }
}

function grpcStatusOf(error: unknown): WireStatus {
  return error instanceof UndecodableRequest ? UNDECODABLE : statusOf(error);
}
