import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Engine, NamedTensor, Run, RunResult } from "./engine.ts";
import {
  type EngineCall,
  handedOver,
  type Outcome,
  pack,
  type Reply,
  type Request,
  restoreError,
  unpack,
} from "./protocol.ts";

interface Waiting {
  resolve(outcome: Outcome): void;
  reject(error: FlwrError): void;
}

/** The engine in another thread: calls are sent there, and answered in the order they were made. */
export abstract class RemoteEngine implements Engine {
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #failure?: FlwrError;

  /** Sends a request; `handed` are the buffers that go with it. */
  protected abstract post(request: Request, handed: ArrayBuffer[]): void;
  /** Ends the other side, or what leads there. */
  protected abstract end(): void | Promise<void>;
  /** Whether calls are under way: called whenever that changes. */
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
    const packed = tensors.map(([name, value]) => [name, pack(value)] as const);
    await this.#call(
      { method: "write", tensors: packed },
      handedOver(packed.map(([, value]) => value)),
    );
  }

  async forget(names: readonly string[]): Promise<void> {
    await this.#call({ method: "forget", names });
  }

  async read(names: readonly string[]): Promise<Tensor[]> {
    const { tensors = [] } = await this.#call({ method: "read", names });
    return tensors.map(unpack);
  }

  async run(run: Run): Promise<RunResult> {
    const given = run.given.map(([name, value]) => [name, pack(value)] as const);
    const { tensors = [], seconds = 0 } = await this.#call(
      { method: "run", run: { ...run, given } },
      handedOver(given.map(([, value]) => value)),
    );
    return { returned: tensors.map(unpack), seconds };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure !== undefined) return;
    await this.#call({ method: "close" });
    this.fail(new FlwrError("failed-precondition", "The training thread is closed"));
    await this.end();
  }

  /** Takes the answer to a call. */
  protected settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.setBusy(false);
    if ("error" in reply) waiting?.reject(restoreError(reply.error));
    else waiting?.resolve(reply.outcome);
  }

  /** Fails all calls that are under way and all that follow; the first reason stays. */
  protected fail(failure: FlwrError): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
  }

  #call(call: EngineCall, handed: ArrayBuffer[] = []): Promise<Outcome> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const request: Request = { id: this.#calls++, call };
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.setBusy(true);
      this.#waiting.set(request.id, { resolve, reject });
      this.post(request, handed);
    });
  }
}
