import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { answerUnary, UndecodableRequest } from "../answer.ts";
import { ApiError } from "../api_error.ts";
import type { OpenCall } from "../call.ts";
import { methodPath, type ServiceBinding } from "../service.ts";
import { ByteBudget } from "../byte_budget.ts";
import { MAX_REQUEST_UNITS, SMALL_BODY_BYTES } from "../limits.ts";
import { type PlainError, type PortRequest, type PortResponse, transferOf } from "./protocol.ts";

/** Open calls of one worker: a ServerApp's connection transfers eight objects at a time. */
export const MAX_OPEN_PORT_CALLS = 256;

/**
 * Bytes of one worker's open requests, beyond which further ones wait; its responses have a limit of the same size. A
 * single one may be larger.
 */
export const MAX_OPEN_PORT_BYTES = 64 * 1024 * 1024;

/** Seconds that a large response waits for earlier ones. A call that fails because of this is retried. */
const ANSWER_PATIENCE_SECONDS = 600;

/**
 * Sends a response to the worker, with `postMessage` or similar. If it returns a promise, the call stays open until
 * that settles, so the number of responses that wait to be sent is limited by the number of open calls.
 */
export type PostAnswer = (answer: PortResponse, transfer: Transferable[]) => void | Promise<void>;

/** Options of {@link PortCalls}. */
export interface PortCallsOptions {
  readonly service: ServiceBinding;
  /** Names of the methods that the worker may call. */
  readonly offered: ReadonlySet<string>;
  /** Headers of all the worker's calls, by name: they identify it. */
  readonly headers: Readonly<Record<string, string>>;
  /** The worker's name in the log, in place of a network address. */
  readonly peer: string;
  readonly post: PostAnswer;
}

/** The host's end of a {@link PortChannel}: answers a worker's calls as a server answers calls from the network. */
export class PortCalls implements AsyncDisposable {
  readonly #options: PortCallsOptions;
  readonly #open = new Map<number, AbortController>();
  readonly #answering = new Set<Promise<void>>();
  /** Responses being made or waiting to be taken. */
  readonly #responses = new ByteBudget({
    bytes: MAX_OPEN_PORT_BYTES,
    slowBytes: 0,
    patienceSeconds: ANSWER_PATIENCE_SECONDS,
  });
  #openBytes = 0;
  /** Resolves when more requests are allowed; undefined while they are. */
  #room: PromiseWithResolvers<void> | undefined;

  constructor(options: PortCallsOptions) {
    this.#options = options;
  }

  /**
   * Handles a request of the worker. The response is sent with `post`, unless the call is cancelled first.
   *
   * @returns resolves when the next request may be read: the open requests are small enough in total or, if the call
   *   was refused, the worker has taken the refusal. If the worker is not trusted, read no further request before.
   */
  async handleRequest(request: PortRequest): Promise<void> {
    if (request.kind === "cancel") return this.#open.get(request.id)?.abort();
    const { id, method, bytes } = request;
    const { peer } = this.#options;
    if (this.#open.has(id)) {
      const message = `A call of ${peer} reuses the id of an open call: ${id}`;
      return await this.refuse(id, new FlwrError("already-exists", message));
    }
    if (this.#open.size >= MAX_OPEN_PORT_CALLS) {
      const message = `${MAX_OPEN_PORT_CALLS} calls of ${peer} are already open`;
      return await this.refuse(id, new FlwrError("resource-exhausted", message));
    }
    const controller = new AbortController();
    this.#open.set(id, controller);
    const answering = this.#answer(id, method, bytes, controller.signal).finally(() => {
      this.#open.delete(id);
      this.#answering.delete(answering);
      this.#openBytes -= bytes.length;
      if (this.#openBytes > MAX_OPEN_PORT_BYTES) return;
      this.#room?.resolve();
      this.#room = undefined;
    });
    this.#answering.add(answering);
    this.#openBytes += bytes.length;
    if (this.#openBytes > MAX_OPEN_PORT_BYTES) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
  }

  /** Answers a call with an error. Resolves when the worker has taken it. */
  async refuse(id: number, error: unknown): Promise<void> {
    await this.#options.post({ kind: "refusal", id, error: toPlain(error) }, []);
  }

  /** Cancels open calls and waits for their end. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const controller of this.#open.values()) controller.abort();
    await Promise.all(this.#answering);
  }

  async #answer(id: number, name: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { post } = this.#options;
    using leases = new DisposableStack();
    const reserve = async (bytes: number) => {
      if (bytes > SMALL_BODY_BYTES) leases.use(await this.#responses.acquire(bytes, signal));
    };
    try {
      const buffer = await this.#call(name, bytes, signal, reserve);
      // A plain Uint8Array, because other transports than structured cloning may not know Node's Buffer.
      const answer = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
      if (signal.aborted) return;
      await post({ kind: "answer", id, bytes: answer }, transferOf(answer));
    } catch (error) {
      if (signal.aborted) return;
      const { peer } = this.#options;
      const plain = toPlain(error);
      if (plain.code === "internal") {
        log("rpc").error("{method} from {peer} failed: {error}", { method: name, peer, error });
      }
      await post({ kind: "refusal", id, error: plain }, []);
    }
  }

  async #call(
    name: string,
    bytes: Uint8Array,
    signal: AbortSignal,
    reserve: OpenCall["reserve"],
  ): Promise<Uint8Array> {
    const { service, offered, headers, peer } = this.#options;
    const served = offered.has(name)
      ? service.methods.find(({ desc }) => desc.name === name)
      : undefined;
    if (served === undefined) {
      throw new FlwrError("unimplemented", `"${name}" is not available to ${peer}`);
    }
    // The worker is not trusted, even if the service's other callers are.
    const maxRequestUnits = Math.min(served.maxRequestUnits, MAX_REQUEST_UNITS);
    const method = { ...served, maxRequestUnits };
    const call: OpenCall = {
      transport: "http",
      method: methodPath(method.desc),
      peer,
      header: (header) => Object.hasOwn(headers, header) ? headers[header] : undefined,
      headerBytes: () => undefined,
      setHeader: () => {},
      signal,
      delivered: Promise.resolve(true),
      reserve,
    };
    return await answerUnary(method, bytes, call);
  }
}

/** The error as the worker sees it. As over a network, details of internal errors are hidden. */
function toPlain(error: unknown): PlainError {
  // The worker's fault. It may repeat it endlessly, so it is not logged.
  if (error instanceof UndecodableRequest) {
    return { code: "invalid-argument", message: error.message };
  }
  const { code, message } = FlwrError.from(error);
  if (code === "internal") return { code, message: "Internal error" };
  return { code, message, ...(error instanceof ApiError ? { api: error.api } : {}) };
}
