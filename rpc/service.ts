import {
  type handleUnaryCall,
  type MethodDefinition,
  type ServiceDefinition,
  status as Status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Logger } from "@logtape/logtape";
import type {
  DescMethod,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Admit } from "./admission.ts";
import { asBuffer, encode, type RawRequest, requestDecoder } from "./codec.ts";
import { type AnonymousCall, type Call, ServerCall } from "./server_call.ts";
import { statusOf, type WireStatus } from "./status.ts";

/** One function per RPC of a service. A FlwrError that it throws is told to the caller, anything else is hidden. */
export type Handlers<S extends DescService, Caller> = {
  readonly [K in keyof S["method"]]: (
    request: MessageShape<S["method"][K]["input"]>,
    call: Call<Caller>,
  ) => Promise<MessageInitShape<S["method"][K]["output"]>>;
};

/**
 * Finds out who calls. Throws a FlwrError to refuse.
 *
 * @param bytes the request's bytes as they arrived; `request` may hold views of them
 */
export type Authenticate<Caller> = (
  call: AnonymousCall,
  method: DescMethod,
  bytes: Uint8Array,
  request: Message,
) => Promise<Caller>;

/** How a service is served. */
export interface ServiceOptions<S extends DescService, Caller> {
  /** Refuses calls by their headers, before a byte of the body is read. Without it every body is read. */
  readonly admit?: Admit;
  readonly authenticate: Authenticate<Caller>;
  readonly handlers: Handlers<S, Caller>;
}

/** A service with its handlers, ready for a server. */
export interface ServiceBinding {
  readonly desc: DescService;
  readonly admit?: Admit;
  /** For grpc-js. */
  readonly definition: ServiceDefinition;
  /** For grpc-js; what is hidden from callers goes to the log. */
  implementation(log: Logger): UntypedServiceImplementation;
}

/** What 1.9 answers to bytes that are no message of the expected type. */
const UNDECODABLE: WireStatus = {
  code: Status.INTERNAL,
  details: "Exception deserializing request!",
};

/** Puts a service's description and its handlers together. Only unary methods can be served. */
export function bindService<S extends DescService, Caller>(
  desc: S,
  options: ServiceOptions<S, Caller>,
): ServiceBinding {
  return {
    desc,
    admit: options.admit,
    definition: Object.fromEntries(
      desc.methods.map((method) => [method.localName, methodDefinition(method)]),
    ),
    implementation: (log) =>
      Object.fromEntries(
        desc.methods.map((method) => [method.localName, unaryHandler(method, options, log)]),
      ),
  };
}

function methodDefinition(method: DescMethod): MethodDefinition<RawRequest, Uint8Array> {
  if (method.methodKind !== "unary") throw new Error(`${method} is not unary`);
  return {
    path: methodPath(method),
    requestStream: false,
    responseStream: false,
    requestDeserialize: requestDecoder(method.input),
    responseSerialize: asBuffer,
    // The client's half, which a server does not use.
    requestSerialize: ({ bytes }: RawRequest) => asBuffer(bytes),
    responseDeserialize: (bytes) => bytes,
  };
}

/** The path by which gRPC calls a method. */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function unaryHandler<S extends DescService, Caller>(
  method: DescMethod,
  options: ServiceOptions<S, Caller>,
  log: Logger,
): handleUnaryCall<RawRequest, Uint8Array> {
  const handler = options.handlers[method.localName as keyof S["method"]];
  const path = methodPath(method);
  return async (grpcCall, send) => {
    const call = new ServerCall(path, grpcCall, send);
    const names = { method: path, peer: call.peer };
    try {
      const { bytes, message, error } = grpcCall.request;
      if (message === undefined) {
        log.debug("{method} from {peer} cannot be decoded: {error}", { ...names, error });
        return call.refuse(UNDECODABLE);
      }
      const caller = await options.authenticate(call, method, bytes, message);
      const response = await handler(
        // By the map's type, the handler under a method's name takes the method's input.
        message as Parameters<typeof handler>[0],
        Object.assign(call, { caller }),
      );
      call.answer(encode(method.output, response));
      log.debug("{method} from {peer}", names);
    } catch (error) {
      const status = statusOf(error);
      if (status.code === Status.INTERNAL) {
        log.error("{method} from {peer} failed: {error}", { ...names, error });
      }
      call.refuse(status);
    }
  };
}
