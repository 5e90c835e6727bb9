import { FlwrError } from "../../base/error.ts";
import { afterOthers } from "../../base/platform.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Engine, NamedTensor, Run, RunResult } from "./engine.ts";
import {
  type CallOutcome,
  type EngineCall,
  type EngineReply,
  type EngineRequest,
  fromErrorReport,
  packTensor,
  transferredBuffers,
  unpackTensor,
} from "./protocol.ts";

interface Waiting {
  resolve(outcome: CallOutcome): void;
  reject(error: FlwrError): void;
}

/**
 * An engine in another thread: sends calls there and receives their answers, in the order of the calls. Calls that are
 * made in one turn of the event loop are sent in one message, because a message costs 0.05 ms in each thread.
 */
export abstract class RemoteEngine implements Engine {
  readonly #waiting = new Map<number, Waiting>();
  /** Requests that are not sent yet, and the buffers to transfer with them. */
  #requests: EngineRequest[] = [];
  #handed: ArrayBuffer[] = [];
  #calls = 0;
  #failure?: FlwrError;

  /** Sends requests; `handed` are the buffers to transfer with them. */
  protected abstract post(requests: readonly EngineRequest[], handed: ArrayBuffer[]): void;
  /** Ends the other thread, or the connection to it. */
  protected abstract end(): void | Promise<void>;
  /** Called when the first call starts and when the last one ends. */
  protected abstract setBusy(busy: boolean): void;

  async useThreads(threads: number): Promise<void> {
    await this.#call({ method: "use-threads", threads });
  }

  async load(key: string, model: Uint8Array): Promise<void> {
    const buffer = model.slice().buffer;
    await this.#call({ method: "load", key, model: buffer }, [buffer]);
  }

  async unload(key: string): Promise<void> {
    await this.#call({ method: "unload", key });
  }

  async write(tensors: readonly NamedTensor[]): Promise<void> {
    const packed = tensors.map(([name, value]) => [name, packTensor(value)] as const);
    await this.#call(
      { method: "write", tensors: packed },
      transferredBuffers(packed.map(([, value]) => value)),
    );
  }

  async forget(names: readonly string[]): Promise<void> {
    await this.#call({ method: "forget", names });
  }

  async read(names: readonly string[]): Promise<Tensor[]> {
    const { tensors = [] } = await this.#call({ method: "read", names });
    return tensors.map(unpackTensor);
  }

  async run(run: Run): Promise<RunResult> {
    const given = run.given.map(([name, value]) => [name, packTensor(value)] as const);
    const { tensors = [], seconds = 0 } = await this.#call(
      { method: "run", run: { ...run, given } },
      transferredBuffers(given.map(([, value]) => value)),
    );
    return { returned: tensors.map(unpackTensor), seconds };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure !== undefined) return;
    await this.#call({ method: "close" });
    this.fail(new FlwrError("failed-precondition", "The training thread is closed"));
    await this.end();
  }

  /** Settles the promises of the calls that replies answer. */
  protected settleCalls(replies: readonly EngineReply[]): void {
    for (const reply of replies) {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("error" in reply) waiting?.reject(fromErrorReport(reply.error));
      else waiting?.resolve(reply.outcome);
    }
    if (this.#waiting.size === 0) this.setBusy(false);
  }

  /** Fails all pending calls and all later ones; the first failure is kept. */
  protected fail(failure: FlwrError): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
    this.#requests = [];
    this.#handed = [];
  }

  #call(call: EngineCall, handed: ArrayBuffer[] = []): Promise<CallOutcome> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const request: EngineRequest = { id: this.#calls++, call };
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.setBusy(true);
      this.#waiting.set(request.id, { resolve, reject });
      if (this.#requests.length === 0) afterOthers(() => this.#send());
      this.#requests.push(request);
      this.#handed.push(...handed);
    });
  }

  #send(): void {
    if (this.#requests.length === 0) return;
    const [requests, handed] = [this.#requests, this.#handed];
    [this.#requests, this.#handed] = [[], []];
    try {
      this.post(requests, handed);
    } catch (cause) {
      this.fail(
        new FlwrError("internal", "Calls cannot be sent to the training thread", { cause }),
      );
    }
  }
}
