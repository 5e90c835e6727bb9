import { checkReply } from "../../app/client_app.ts";
import type { Context } from "../../app/context.ts";
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
import { type AppLink, type OpenAppLink, openWorker } from "./app_link.ts";
import { type Failure, IN_THE_LOG } from "./failure.ts";
import { RunRefused } from "./run_refused.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

/** A handled message: the reply, and what the app keeps for the run's next one. */
export interface Handled {
  readonly reply: Message;
  readonly state: RecordDict;
  /** How long the app worked, where its process tells; otherwise the time until it had handled the message counts. */
  readonly seconds?: number;
  /** What went wrong, where the reply is an error. Its reason is the whole text. */
  readonly failure?: Failure;
  /** Whether models of the app have trained in its sandbox. */
  readonly trained?: boolean;
}

/** The ClientApp died while it handled a message: another try in a fresh worker may go well. */
export class AppCrashed extends Error {
  override readonly name = "AppCrashed";
  /** What went wrong. */
  readonly failure: Failure;

  /** @param failure default: the reason, which then holds nothing of the app */
  constructor(reason: string, { failure, cause }: { failure?: Failure; cause?: unknown } = {}) {
    super(reason, { cause });
    this.failure = failure ?? { told: reason, details: reason };
  }
}

/** The ClientApp cannot be loaded. */
export class AppNotLoaded extends FlwrError {
  /** What went wrong. */
  readonly failure: Failure;

  constructor(message: string, hints: readonly string[], failure: Failure) {
    super("failed-precondition", message, { hints });
    this.failure = failure;
  }
}

/**
 * Keeps a ClientApp loaded in a worker or sandbox, and in a fresh one whenever that dies. One message at a time. What
 * comes from there is taken only when it was asked for, and a reply only when it answers the message.
 */
export class AppHost implements Disposable {
  readonly #module: AppModule;
  readonly #compute: ComputeSettings;
  readonly #open: OpenAppLink;
  #link: AppLink | undefined;
  #loaded = false;
  /** Receives the app's next word. */
  #listener: ((said: FromWorker) => void) | undefined;

  private constructor(module: AppModule, compute: ComputeSettings, open: OpenAppLink) {
    this.#module = module;
    this.#compute = compute;
    this.#open = open;
  }

  /**
   * Loads the ClientApp.
   *
   * @param compute what its models compute with when they do not say
   * @param open where it is loaded: by default a worker, in which it may do all that the node itself may
   * @throws FlwrError "failed-precondition" when it cannot be loaded, or is none, or the device cannot be used
   */
  static async start(
    module: AppModule,
    compute: ComputeSettings = {},
    open: OpenAppLink = openWorker,
  ): Promise<AppHost> {
    const host = new AppHost(module, compute, open);
    await host.#ensureLoaded();
    return host;
  }

  /** Opens the place where the ClientApp will be loaded, which happens with the first message. */
  static prepare(module: AppModule, compute: ComputeSettings, open: OpenAppLink): AppHost {
    const host = new AppHost(module, compute, open);
    host.#opened();
    return host;
  }

  /**
   * Has the ClientApp handle a message. An error that the app throws comes back as an error reply.
   *
   * @param signal ends the worker, and so whatever it does
   * @throws AppCrashed when the app ended its worker, RunRefused when it cannot be loaded, DOMException "AbortError" when aborted
   */
  async handle(message: Message, context: Context, signal: AbortSignal): Promise<Handled> {
    signal.throwIfAborted();
    const abort = () => {
      this.#end();
      this.#listener?.({ kind: "crashed", reason: "the SuperNode stops" });
    };
    signal.addEventListener("abort", abort);
    try {
      await this.#ensureLoaded();
      // Cloned, not transferred: the message may have to be handled again.
      const plain = toTransferable(message);
      const said = await this.#ask(
        { kind: "handle", message: plain, context: contextToTransferable(context) },
      );
      if (said.kind === "reply") return handledFrom(said, message);
      if (said.kind === "crashed") throw new AppCrashed(said.reason, said);
      throw new AppCrashed(`unexpected "${said.kind}"`);
    } catch (error) {
      this.#end();
      signal.throwIfAborted();
      if (error instanceof AppNotLoaded) {
        const { message, failure } = error;
        throw new RunRefused(MessageErrorCode.LoadClientApp, message, { cause: error, failure });
      }
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  /** Where the app is loaded, or will be. */
  #opened(): void {
    const link: AppLink = this.#open((said) => {
      // What a place said before it was ended may arrive after that.
      if (this.#link === link) this.#hear(said);
    });
    this.#link = link;
    this.#loaded = false;
  }

  async #ensureLoaded(): Promise<void> {
    if (this.#link === undefined) this.#opened();
    if (this.#loaded) return;
    const said = await this.#ask({
      kind: "load",
      module: this.#module,
      compute: this.#compute,
    });
    this.#loaded = said.kind === "loaded";
    if (this.#loaded) return;
    this.#end();
    if (said.kind === "load-failed") throw new AppNotLoaded(said.message, said.hints, said.failure);
    const reason = said.kind === "crashed" ? said.reason : `unexpected "${said.kind}"`;
    const failure = (said.kind === "crashed" ? said.failure : undefined) ??
      { told: reason, details: reason };
    throw new AppNotLoaded(
      `"${this.#module.file}" crashed its worker while it was being loaded`,
      [reason],
      failure,
    );
  }

  /**
   * A worker that dies between two messages has nobody to tell: the next message finds a fresh one. So it does when an
   * app speaks without having been asked.
   */
  #hear(said: FromWorker): void {
    if (this.#listener === undefined) this.#end();
    else this.#listener(said);
  }

  #ask(message: ToWorker): Promise<FromWorker> {
    const { promise, resolve } = Promise.withResolvers<FromWorker>();
    this.#listener = resolve;
    this.#link!.send(message);
    return promise.finally(() => this.#listener = undefined);
  }

  #end(): void {
    this.#link?.end();
    this.#link = undefined;
  }
}

function handledFrom(said: FromWorker & { kind: "reply" }, instruction: Message): Handled {
  try {
    const reply = checkReply(fromTransferable(said.message), instruction);
    const state = recordDictFromPlain(said.state);
    const trained = said.trained === true;
    const failure = reply.error && (said.failure ?? ofItsOwn(reply.error));
    return { reply, state, trained, ...(failure && { failure }) };
  } catch (cause) {
    throw new AppCrashed(`its reply cannot be taken: ${FlwrError.from(cause).message}`, { cause });
  }
}

/** Of an error reply that the app made itself. */
function ofItsOwn({ code, reason }: MessageError): Failure {
  return { told: `The ClientApp replied with error ${code}; ${IN_THE_LOG}`, details: reason };
}
