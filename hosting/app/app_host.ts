import { checkReply } from "../../app/client_app.ts";
import type { Context, RegisteredKey } from "../../app/context.ts";
import type { Message } from "../../app/message.ts";
import { type MessageError, MessageErrorCode } from "../../entities/metadata.ts";
import type { RecordDict } from "../../app/record_dict.ts";
import {
  contextToTransferable,
  fromTransferable,
  recordDictFromPlain,
  toTransferable,
} from "../../app/transferable.ts";
import { FlwrError } from "../../base/error.ts";
import type { ComputeSettings } from "../../ml/engine/compute.ts";
import type { AppModule } from "./app_module.ts";
import { type AppInstance, type StartInstance, startWorker } from "./app_instance.ts";
import { type Failure, SEE_NODE_LOG } from "./failure.ts";
import { RunRefused } from "./run_refused.ts";
import type { ClientAppCommand, ClientAppEvent } from "./worker_protocol.ts";

/** Signatures that an app may ask for while it handles one message: a round of secure aggregation needs one. */
const SIGNATURES_PER_MESSAGE = 1;

/** The result of handling a message: the reply, and the state that the app keeps for the run's next message. */
export interface HandledMessage {
  readonly reply: Message;
  readonly state: RecordDict;
  /** Seconds that the app worked, if its process reports them. Default: the time that handling the message took. */
  readonly seconds?: number;
  /** The failure behind an error reply. The reply's own reason holds the full text of the error. */
  readonly failure?: Failure;
  /** Whether models of the app have trained in its sandbox. */
  readonly trained?: boolean;
}

/** The ClientApp crashed while it handled a message. Another attempt in a fresh worker may succeed. */
export class AppCrashed extends Error {
  override readonly name = "AppCrashed";
  readonly failure: Failure;

  /** @param failure default: the reason, which must then contain nothing from the app */
  constructor(reason: string, { failure, cause }: { failure?: Failure; cause?: unknown } = {}) {
    super(reason, { cause });
    this.failure = failure ?? { summary: reason, details: reason };
  }
}

/** The ClientApp cannot be loaded. */
export class AppNotLoaded extends FlwrError {
  readonly failure: Failure;

  constructor(message: string, hints: readonly string[], failure: Failure) {
    super("failed-precondition", message, { hints });
    this.failure = failure;
  }
}

/**
 * The host of one ClientApp: keeps it loaded in a worker or sandbox, and starts a fresh one when that ends. It handles
 * one message at a time. It ignores events that it did not request, and rejects a reply that does not answer the message.
 */
export class AppHost implements Disposable {
  readonly #module: AppModule;
  readonly #compute: ComputeSettings;
  readonly #start: StartInstance;
  #instance: AppInstance | undefined;
  #loaded = false;
  /** Receives the app's next event. */
  #listener: ((event: ClientAppEvent) => void) | undefined;
  /** The key for the message that the app handles, and how many more signatures it may ask for. */
  #signing: { readonly key: RegisteredKey; left: number } | undefined;

  private constructor(module: AppModule, compute: ComputeSettings, startInstance: StartInstance) {
    this.#module = module;
    this.#compute = compute;
    this.#start = startInstance;
  }

  /**
   * Loads the ClientApp.
   *
   * @param compute default device and threads of the app's models
   * @param startInstance starts the place that it is loaded in. Default: a worker, in which it has all rights of the node
   * @throws FlwrError "failed-precondition" when the module cannot be loaded, exports no ClientApp, or the device cannot
   *   be used
   */
  static async start(
    module: AppModule,
    compute: ComputeSettings = {},
    startInstance: StartInstance = startWorker,
  ): Promise<AppHost> {
    const host = new AppHost(module, compute, startInstance);
    await host.#ensureLoaded();
    return host;
  }

  /** Starts a worker or sandbox now, and loads the ClientApp in it with the first message. */
  static prepare(
    module: AppModule,
    compute: ComputeSettings,
    startInstance: StartInstance,
  ): AppHost {
    const host = new AppHost(module, compute, startInstance);
    host.#startInstance();
    return host;
  }

  /**
   * Passes a message to the ClientApp. An error that the app throws becomes an error reply. The app gets the public part
   * of `context.registeredKey`, and may ask for one signature of it.
   *
   * @param signal ends the worker, and with it the app's work
   * @param seed decides all random numbers that the app draws by default (default: they come from the machine)
   * @throws AppCrashed when the app ended its worker, RunRefused when the app cannot be loaded, DOMException "AbortError"
   *   when aborted
   */
  async handle(
    message: Message,
    context: Context,
    signal: AbortSignal,
    seed?: number,
  ): Promise<HandledMessage> {
    signal.throwIfAborted();
    const abort = () => {
      this.#stop();
      this.#listener?.({ kind: "crashed", reason: "the SuperNode stops" });
    };
    signal.addEventListener("abort", abort);
    try {
      await this.#ensureLoaded();
      // Cloned, not transferred: the message may have to be handled again.
      const plain = toTransferable(message);
      const { registeredKey: key } = context;
      this.#signing = key && { key, left: SIGNATURES_PER_MESSAGE };
      const event = await this.#request({
        kind: "handle",
        message: plain,
        context: contextToTransferable(context),
        ...(seed !== undefined && { seed }),
      });
      if (event.kind === "reply") return handledFrom(event, message);
      if (event.kind === "crashed") throw new AppCrashed(event.reason, event);
      throw new AppCrashed(`unexpected "${event.kind}"`);
    } catch (error) {
      this.#stop();
      signal.throwIfAborted();
      if (error instanceof AppNotLoaded) {
        const { message, failure } = error;
        throw new RunRefused(MessageErrorCode.LoadClientApp, message, { cause: error, failure });
      }
      throw error;
    } finally {
      this.#signing = undefined;
      signal.removeEventListener("abort", abort);
    }
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #startInstance(): void {
    const instance: AppInstance = this.#start((event) => {
      // An event of an instance that was ended may still arrive.
      if (this.#instance === instance) this.#onEvent(event);
    });
    this.#instance = instance;
    this.#loaded = false;
  }

  async #ensureLoaded(): Promise<void> {
    if (this.#instance === undefined) this.#startInstance();
    if (this.#loaded) return;
    const event = await this.#request({
      kind: "load",
      module: this.#module,
      compute: this.#compute,
    });
    this.#loaded = event.kind === "loaded";
    if (this.#loaded) return;
    this.#stop();
    if (event.kind === "load-failed") {
      throw new AppNotLoaded(event.message, event.hints, event.failure);
    }
    const reason = event.kind === "crashed" ? event.reason : `unexpected "${event.kind}"`;
    const failure = (event.kind === "crashed" ? event.failure : undefined) ??
      { summary: reason, details: reason };
    throw new AppNotLoaded(
      `"${this.#module.file}" crashed its worker while it was being loaded`,
      [reason],
      failure,
    );
  }

  /**
   * Handles an event. One that no request waits for (a crash between two messages, or an app that posts by itself) ends
   * the instance, and the next message starts a fresh one.
   */
  #onEvent(event: ClientAppEvent): void {
    if (event.kind === "sign") this.#sign(event.digest);
    else if (this.#listener === undefined) this.#stop();
    else this.#listener(event);
  }

  /** Signs for the app while it handles a message. An app that asks for more than it may have is ended. */
  #sign(digest: Uint8Array): void {
    const [signing, instance, listener] = [this.#signing, this.#instance, this.#listener];
    const refuse = (reason: string) => {
      if (this.#instance !== instance) return;
      this.#stop();
      listener?.({ kind: "crashed", reason });
    };
    if (signing === undefined || signing.left === 0) {
      return refuse("it asks for a signature that it may not have");
    }
    signing.left -= 1;
    signing.key.sign(digest).then(
      (signature) => {
        if (this.#instance === instance) instance?.send({ kind: "signed", signature });
      },
      (error) => refuse(`the node cannot sign for it: ${FlwrError.from(error).message}`),
    );
  }

  #request(message: ClientAppCommand): Promise<ClientAppEvent> {
    const { promise, resolve } = Promise.withResolvers<ClientAppEvent>();
    this.#listener = resolve;
    this.#instance!.send(message);
    return promise.finally(() => this.#listener = undefined);
  }

  #stop(): void {
    this.#instance?.end();
    this.#instance = undefined;
  }
}

function handledFrom(
  event: ClientAppEvent & { kind: "reply" },
  instruction: Message,
): HandledMessage {
  try {
    const reply = checkReply(fromTransferable(event.message), instruction);
    const state = recordDictFromPlain(event.state);
    const trained = event.trained === true;
    const failure = reply.error && (event.failure ?? repliedFailure(reply.error));
    return { reply, state, trained, ...(failure && { failure }) };
  } catch (cause) {
    throw new AppCrashed(`its reply is invalid: ${FlwrError.from(cause).message}`, { cause });
  }
}

/** The failure for an error reply that the app itself created. */
function repliedFailure({ code, reason }: MessageError): Failure {
  return { summary: `The ClientApp replied with error ${code}; ${SEE_NODE_LOG}`, details: reason };
}
