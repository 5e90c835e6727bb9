import type {
  DescMessage,
  DescMethod,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Admit, AnonymousCall, Call } from "./call.ts";
import { MAX_MESSAGE_BYTES, MAX_REQUEST_UNITS } from "./limits.ts";

/** What answers a method: a promise of one message, or for a server-streaming method the messages one by one. */
export type Handler<M extends DescMethod, Caller> = (
  request: MessageShape<M["input"]>,
  call: Call<Caller>,
) => M["methodKind"] extends "server_streaming" ? AsyncIterable<MessageInitShape<M["output"]>>
  : Promise<MessageInitShape<M["output"]>>;

/** One function per RPC of a service. A FlwrError that it throws is told to the caller, anything else is hidden. */
export type Handlers<S extends DescService, Caller> = {
  readonly [K in keyof S["method"]]: Handler<S["method"][K], Caller>;
};

/**
 * Finds out who calls. Throws a FlwrError to refuse.
 *
 * @param bytes the request's bytes as they arrived; `request` may hold views of them
 * @param found what the service's `prove`, or else its `admit`, found out before; undefined where it has neither
 */
export type Authenticate<Caller, Found = unknown> = (
  call: AnonymousCall,
  method: DescMethod,
  bytes: Uint8Array,
  request: Message,
  found: Found,
) => Promise<Caller>;

/**
 * Finds out who sends a request by its bytes, before they are decoded: decoding takes many times their memory and time.
 * Throws a FlwrError to refuse.
 *
 * @param bytes the request's bytes as they arrived, which may be no message of the method
 * @param found what the service's `admit` found out before; undefined where it has none
 * @returns what is known of the caller now, for the service's `authenticate`
 */
export type Prove<Found = unknown> = (
  call: AnonymousCall,
  method: DescMethod,
  bytes: Uint8Array,
  found: Found,
) => Promise<Found>;

/** How a service is served. `Found` is what is known of a caller before its request is read. */
export interface ServiceOptions<S extends DescService, Caller, Found = unknown> {
  /**
   * Refuses calls by their headers, before a byte of the body is read. Without it every body is read. Asked once for
   * each call, and always before `authenticate`.
   */
  readonly admit?: Admit<Found>;
  /** Refuses calls by their request's bytes, before these are decoded: for wires that sign the request itself. */
  readonly prove?: Prove<Found>;
  readonly authenticate: Authenticate<Caller, Found>;
  readonly handlers: Handlers<S, Caller>;
  /**
   * A header that all callers of this service send, for where two services share a path (the Fleet services of
   * several generations do): only calls that have it are put before `admit`, and such calls are for this service. A name
   * as `header` or `headerBytes` takes it.
   */
  readonly knownBy?: string;
  /**
   * The largest request of a method, in bytes; by default MAX_MESSAGE_BYTES.
   *
   * @param found what `admit` found out of the caller; undefined where nobody asked, or another service let the call in
   */
  readonly maxRequestBytes?: (method: DescMethod, found?: Found) => number;
  /** What decoding a method's request may cost, in the units of `weigh`; by default MAX_REQUEST_UNITS. */
  readonly maxRequestUnits?: (method: DescMethod) => number;
}

/** What any handler is, once it is known which method's it is. */
export type AnyHandler = (
  request: Message,
  call: Call<unknown>,
) => Promise<MessageInitShape<DescMessage>> | AsyncIterable<MessageInitShape<DescMessage>>;

/** A method with what answers it, whatever transport brings the call. */
export interface BoundMethod {
  readonly desc: DescMethod;
  readonly admit?: Admit;
  readonly prove?: Prove;
  readonly authenticate: Authenticate<unknown>;
  readonly handle: AnyHandler;
  readonly knownBy?: string;
  /** In bytes. @param found see ServiceOptions.maxRequestBytes */
  readonly maxRequestBytes: (found: unknown) => number;
  /** In the units of `weigh`. */
  readonly maxRequestUnits: number;
}

/** A service with its handlers, ready for a server of either transport. */
export interface ServiceBinding {
  readonly desc: DescService;
  readonly methods: readonly BoundMethod[];
}

/** Puts a service's description and its handlers together. Methods that stream requests cannot be served. */
export function bindService<S extends DescService, Caller, Found = unknown>(
  desc: S,
  options: ServiceOptions<S, Caller, Found>,
): ServiceBinding {
  const { admit, prove, authenticate, handlers, knownBy } = options;
  const { maxRequestBytes, maxRequestUnits } = options;
  return {
    desc,
    methods: desc.methods.map((method) => {
      if (method.methodKind !== "unary" && method.methodKind !== "server_streaming") {
        throw new Error(`${method} streams its requests`);
      }
      // By the map's type, the handler under a method's name takes the method's input.
      const handle = handlers[method.localName as keyof S["method"]] as unknown as AnyHandler;
      return {
        desc: method,
        admit,
        ...(prove && { prove: prove as Prove }),
        // It is handed what this very method's `admit` found, and nothing else.
        authenticate: authenticate as Authenticate<unknown>,
        handle,
        knownBy,
        // As for `authenticate`.
        maxRequestBytes: (found) =>
          maxRequestBytes?.(method, found as Found | undefined) ?? MAX_MESSAGE_BYTES,
        maxRequestUnits: maxRequestUnits?.(method) ?? MAX_REQUEST_UNITS,
      };
    }),
  };
}

/** Two services of one name as one. Where both have a method, it is the first one's. */
export function joinServices(first: ServiceBinding, second: ServiceBinding): ServiceBinding {
  const taken = new Set(first.methods.map(({ desc }) => methodPath(desc)));
  const others = second.methods.filter(({ desc }) => !taken.has(methodPath(desc)));
  return { desc: first.desc, methods: [...first.methods, ...others] };
}

/** The path by which gRPC calls a method, which names it in logs and policies too. */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
