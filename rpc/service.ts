import type {
  DescMessage,
  DescMethod,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Admit, AnonymousCall, AuthenticatedCall } from "./call.ts";
import type { CallWatch } from "./call_watch.ts";
import { MAX_MESSAGE_BYTES, MAX_REQUEST_UNITS } from "./limits.ts";

/**
 * Function that handles a method: returns a promise of one message or, for a server-streaming method, the messages
 * one by one.
 */
export type MethodHandler<M extends DescMethod, Caller> = (
  request: MessageShape<M["input"]>,
  call: AuthenticatedCall<Caller>,
) => M["methodKind"] extends "server_streaming" ? AsyncIterable<MessageInitShape<M["output"]>>
  : Promise<MessageInitShape<M["output"]>>;

/** One handler per RPC of a service. A caller sees a handler's FlwrErrors; other errors are hidden from it. */
export type ServiceHandlers<S extends DescService, Caller> = {
  readonly [K in keyof S["method"]]: MethodHandler<S["method"][K], Caller>;
};

/**
 * Identifies the caller. Throws a FlwrError to refuse.
 *
 * @param bytes the request's bytes as they arrived; `request` may hold views of them
 * @param found result of the service's `prove`, or else of its `admit`; undefined if it has neither
 */
export type Authenticate<Caller, Found = unknown> = (
  call: AnonymousCall,
  method: DescMethod,
  bytes: Uint8Array,
  request: Message,
  found: Found,
) => Promise<Caller>;

/**
 * Identifies the sender of a request by its bytes, before they are decoded, because decoding takes many times their
 * memory and time. Throws a FlwrError to refuse.
 *
 * @param bytes the request's bytes as they arrived, which may not be a message of the method
 * @param found result of the service's `admit`; undefined if it has none
 * @returns what is now known about the caller, for the service's `authenticate`
 */
export type Prove<Found = unknown> = (
  call: AnonymousCall,
  method: DescMethod,
  bytes: Uint8Array,
  found: Found,
) => Promise<Found>;

/** How a service is served. `Found` is what is known about a caller before its request is read. */
export interface ServiceOptions<S extends DescService, Caller, Found = unknown> {
  /**
   * Refuses calls by their headers, before a byte of the body is read. Without it every body is read. Called once for
   * each call, always before `authenticate`.
   */
  readonly admit?: Admit<Found>;
  /** Refuses calls by their request's bytes, before these are decoded: for protocols that sign the request itself. */
  readonly prove?: Prove<Found>;
  readonly authenticate: Authenticate<Caller, Found>;
  readonly handlers: ServiceHandlers<S, Caller>;
  /**
   * A header that all callers of this service send, needed if two services share a path, as the Fleet services of
   * several Flower versions do. Only calls with this header reach `admit`, and they belong to this service. A name
   * that `header` or `headerBytes` accepts.
   */
  readonly identifyingHeader?: string;
  /**
   * The largest request of a method, in bytes; by default MAX_MESSAGE_BYTES.
   *
   * @param found result of `admit`; undefined if the service has none, or another service admitted the call
   */
  readonly maxRequestBytes?: (method: DescMethod, found?: Found) => number;
  /** Maximum cost of decoding a method's request, in the units of `weigh`; by default MAX_REQUEST_UNITS. */
  readonly maxRequestUnits?: (method: DescMethod) => number;
}

/** A handler of any method, without the types of its messages. */
export type AnyMethodHandler = (
  request: Message,
  call: AuthenticatedCall<unknown>,
) => Promise<MessageInitShape<DescMessage>> | AsyncIterable<MessageInitShape<DescMessage>>;

/** A method with its handler, independent of the transport. */
export interface BoundMethod {
  readonly desc: DescMethod;
  readonly admit?: Admit;
  readonly prove?: Prove;
  readonly authenticate: Authenticate<unknown>;
  readonly handle: AnyMethodHandler;
  readonly identifyingHeader?: string;
  /** In bytes. @param found see ServiceOptions.maxRequestBytes */
  readonly maxRequestBytes: (found: unknown) => number;
  /** In the units of `weigh`. */
  readonly maxRequestUnits: number;
  readonly watch?: CallWatch;
}

/** A service with its handlers, ready for a gRPC or HTTP server. */
export interface ServiceBinding {
  readonly desc: DescService;
  readonly methods: readonly BoundMethod[];
}

/** Binds a service's description to its handlers. Methods that stream requests are not supported. */
export function bindService<S extends DescService, Caller, Found = unknown>(
  desc: S,
  options: ServiceOptions<S, Caller, Found>,
): ServiceBinding {
  const { admit, prove, authenticate, handlers, identifyingHeader } = options;
  const { maxRequestBytes, maxRequestUnits } = options;
  return {
    desc,
    methods: desc.methods.map((method) => {
      if (method.methodKind !== "unary" && method.methodKind !== "server_streaming") {
        throw new Error(`${method} streams its requests`);
      }
      // By the map's type, the handler under a method's name takes the method's input.
      const handle = handlers[method.localName as keyof S["method"]] as unknown as AnyMethodHandler;
      return {
        desc: method,
        admit,
        ...(prove && { prove: prove as Prove }),
        // It is handed what this very method's `admit` found, and nothing else.
        authenticate: authenticate as Authenticate<unknown>,
        handle,
        identifyingHeader,
        // As for `authenticate`.
        maxRequestBytes: (found) =>
          maxRequestBytes?.(method, found as Found | undefined) ?? MAX_MESSAGE_BYTES,
        maxRequestUnits: maxRequestUnits?.(method) ?? MAX_REQUEST_UNITS,
      };
    }),
  };
}

/** The same service, whose calls are followed. */
export function watched(
  binding: ServiceBinding,
  watchOf: (method: DescMethod) => CallWatch | undefined,
): ServiceBinding {
  const methods = binding.methods.map((method) => {
    const watch = watchOf(method.desc);
    return watch === undefined ? method : { ...method, watch };
  });
  return { ...binding, methods };
}

/** Joins two services of the same name. The first one's methods take precedence. */
export function joinServices(first: ServiceBinding, second: ServiceBinding): ServiceBinding {
  const taken = new Set(first.methods.map(({ desc }) => methodPath(desc)));
  const others = second.methods.filter(({ desc }) => !taken.has(methodPath(desc)));
  return { desc: first.desc, methods: [...first.methods, ...others] };
}

/** The path of a method in gRPC. Logs and policies use it as the method's name too. */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
