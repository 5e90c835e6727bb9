import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { answerUnary, UndecodableRequest } from "../answer.ts";
import { ApiError } from "../api_error.ts";
import type { OpenCall } from "../call.ts";
import { methodPath, type ServiceBinding } from "../service.ts";
import { ByteBudget } from "../byte_budget.ts";
import { MAX_REQUEST_UNITS, SMALL_BODY_BYTES } from "../limits.ts";
import { type PlainError, type PortAnswer, type PortRequest, transferOf } from "./protocol.ts";

/** Calls that one worker may have open at a time: a ServerApp's connection has eight objects on their way. */
export const MAX_OPEN_PORT_CALLS = 256;

/** Bytes of one worker's open requests, and as many of its answers, beyond which more of them wait. One may be larger. */
export const MAX_OPEN_PORT_BYTES = 64 * 1024 * 1024;

/** Seconds that a large answer waits for those before it. A call that is refused for it is made again. */
const ANSWER_PATIENCE_SECONDS = 600;

/**
 * Hands an answer to the worker, by `postMessage` or the like. Where it gives a promise, the call stays open until that
 * settles: so many answers wait to be sent at most as calls may be open.
 */
export type PostAnswer = (answer: PortAnswer, transfer: Transferable[]) => void | Promise<void>;

/** How a worker is served. */
export interface PortCallsOptions {
  readonly service: ServiceBinding;
  /** Names of the methods that the worker may call. */
  readonly offered: ReadonlySet<string>;
  /** The headers that all of the worker's calls have, by their names: who it is. */
  readonly headers: Readonly<Record<string, string>>;
  /** The worker's name in the log, in the place of a network address. */
  readonly peer: string;
  readonly post: PostAnswer;
}

/** The host's end of a {@link PortChannel}: answers a worker's calls as a server answers those of the network. */
export class PortCalls implements AsyncDisposable {
  readonly #options: PortCallsOptions;
  readonly #open = new Map<number, AbortController>();
  readonly #answering = new Set<Promise<void>>();
  /** Answers that are made, or wait to be taken. */
  readonly #answers = new ByteBudget({
    bytes: MAX_OPEN_PORT_BYTES,
    slowBytes: 0,
    patienceSeconds: ANSWER_PATIENCE_SECONDS,
  });
  #openBytes = 0;
  /** Resolves when there is room for more requests; undefined while there is. */
  #room: PromiseWithResolvers<void> | undefined;

  constructor(options: PortCallsOptions) {
    this.#options = options;
  }

  /**
   * Takes what the worker asks. Its answer comes by `post`, unless the call is cancelled before.
   *
   * @returns resolves when more may be asked: the requests that are open have few enough bytes, or, where the call is
   *   refused, the worker has taken that answer. Ask no more before, where the worker is not trusted.
   */
  async hear(said: PortRequest): Promise<void> {
    if (said.kind === "cancel") return this.#open.get(said.id)?.abort();
    const { id, method, bytes } = said;
    const { peer } = this.#options;
    if (this.#open.has(id)) {
      const message = `A call of ${peer} has the id of one that is open: ${id}`;
      return await this.refuse(id, new FlwrError("already-exists", message));
    }
    if (this.#open.size >= MAX_OPEN_PORT_CALLS) {
      const message = `${MAX_OPEN_PORT_CALLS} calls of ${peer} are open already`;
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

  /** Cancels what is open, and waits until nothing is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const controller of this.#open.values()) controller.abort();
    await Promise.all(this.#answering);
  }

  async #answer(id: number, name: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { post } = this.#options;
    using leases = new DisposableStack();
    const reserve = async (bytes: number) => {
      if (bytes > SMALL_BODY_BYTES) leases.use(await this.#answers.take(bytes, signal));
    };
    try {
      const buffer = await this.#call(name, bytes, signal, reserve);
      // A plain array: what else than structured cloning may carry it need not know of node's.
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
      throw new FlwrError("unimplemented", `"${name}" is not offered to ${peer}`);
    }
    // The worker is not trusted, whoever else calls the service.
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

/** What the worker is told of an error: as over a network, nothing of our own faults. */
function toPlain(error: unknown): PlainError {
  // The worker's fault, which it may repeat as often as it likes: nothing for our log.
  if (error instanceof UndecodableRequest) {
    return { code: "invalid-argument", message: error.message };
  }
  const { code, message } = FlwrError.from(error);
  if (code === "internal") return { code, message: "Internal error" };
  return { code, message, ...(error instanceof ApiError ? { api: error.api } : {}) };
}
