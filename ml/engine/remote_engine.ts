import { FlwrError } from "../../base/error.ts";
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

/** An engine in another thread: sends calls there and receives their answers, in the order of the calls. */
export abstract class RemoteEngine implements Engine {
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #failure?: FlwrError;

  /** Sends a request; `handed` are the buffers to transfer with it. */
  protected abstract post(request: EngineRequest, handed: ArrayBuffer[]): void;
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

  /** Settles the promise of the call that a reply answers. */
  protected settleCall(reply: EngineReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.setBusy(false);
    if ("error" in reply) waiting?.reject(fromErrorReport(reply.error));
    else waiting?.resolve(reply.outcome);
  }

  /** Fails all pending calls and all later ones; the first failure is kept. */
  protected fail(failure: FlwrError): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
  }

  #call(call: EngineCall, handed: ArrayBuffer[] = []): Promise<CallOutcome> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const request: EngineRequest = { id: this.#calls++, call };
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.setBusy(true);
      this.#waiting.set(request.id, { resolve, reject });
      this.post(request, handed);
    });
  }
}
