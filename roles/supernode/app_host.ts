import type { Context } from "../../app/context.ts";
import type { Message } from "../../app/message.ts";
import type { RecordDict } from "../../app/record_dict.ts";
import {
  contextToTransferable,
  fromTransferable,
  recordDictFromPlain,
  toTransferable,
} from "../../app/transferable.ts";
import { FlwrError } from "../../base/error.ts";
import type { ComputeDefaults } from "../../ml/session/compute_defaults.ts";
import type { AppModule } from "../app_module.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

/** A handled message: the reply, and what the app keeps for the run's next one. */
export interface Handled {
  readonly reply: Message;
  readonly state: RecordDict;
  /** How long the app worked, where its process tells; otherwise the time until it had handled the message counts. */
  readonly seconds?: number;
}

/** The ClientApp died while it handled a message: another try in a fresh worker may go well. */
export class AppCrashed extends Error {
  override readonly name = "AppCrashed";
}

/** Keeps a ClientApp loaded in a worker, and a fresh one whenever that dies. One message at a time. */
export class AppHost implements Disposable {
  readonly #module: AppModule;
  readonly #compute: ComputeDefaults;
  #worker: Worker | undefined;
  /** Receives the worker's next word. */
  #listener: ((said: FromWorker) => void) | undefined;

  private constructor(module: AppModule, compute: ComputeDefaults) {
    this.#module = module;
    this.#compute = compute;
  }

  /**
   * Loads the ClientApp.
   *
   * @param compute what its models compute with when they do not say
   * @throws FlwrError "failed-precondition" when it cannot be loaded, or is none, or the device cannot be used
   */
  static async start(module: AppModule, compute: ComputeDefaults = {}): Promise<AppHost> {
    const host = new AppHost(module, compute);
    await host.#ensureLoaded();
    return host;
  }

  /**
   * Has the ClientApp handle a message. An error that the app throws comes back as an error reply.
   *
   * @param signal ends the worker, and so whatever it does
   * @throws AppCrashed when the app ended its worker, DOMException "AbortError" when aborted
   */
  async handle(message: Message, context: Context, signal: AbortSignal): Promise<Handled> {
    await this.#ensureLoaded();
    signal.throwIfAborted();
    // Cloned, not transferred: the message may have to be handled again.
    const { plain } = toTransferable(message);
    const abort = () => {
      this.#end();
      this.#listener?.({ kind: "crashed", reason: "the SuperNode stops" });
    };
    signal.addEventListener("abort", abort);
    try {
      const said = await this.#ask(
        { kind: "handle", message: plain, context: contextToTransferable(context) },
      );
      if (said.kind === "reply") {
        return { reply: fromTransferable(said.message), state: recordDictFromPlain(said.state) };
      }
      this.#end();
      signal.throwIfAborted();
      throw new AppCrashed(said.kind === "crashed" ? said.reason : `unexpected "${said.kind}"`);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  async #ensureLoaded(): Promise<void> {
    if (this.#worker !== undefined) return;
    this.#worker = new Worker(new URL("./app_worker.ts", import.meta.url), {
      type: "module",
      name: "ClientApp",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#hear({ kind: "crashed", reason: event.message });
    };
    const said = await this.#ask({
      kind: "load",
      module: this.#module,
      compute: this.#compute,
    });
    if (said.kind === "loaded") return;
    this.#end();
    throw said.kind === "load-failed"
      ? new FlwrError("failed-precondition", said.message, { hints: said.hints })
      : new FlwrError(
        "failed-precondition",
        `"${this.#module.file}" ended its worker while it was loaded`,
        { hints: said.kind === "crashed" ? [said.reason] : [] },
      );
  }

  /** A worker that dies between two messages has nobody to tell: the next message finds a fresh one. */
  #hear(said: FromWorker): void {
    if (this.#listener === undefined) this.#end();
    else this.#listener(said);
  }

  #ask(message: ToWorker): Promise<FromWorker> {
    const { promise, resolve } = Promise.withResolvers<FromWorker>();
    this.#listener = resolve;
    this.#worker!.postMessage(message);
    return promise.finally(() => this.#listener = undefined);
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
