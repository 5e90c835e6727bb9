import { Worker } from "node:worker_threads";
import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Device } from "./device.ts";
import type { Engine, NamedTensor, Run, RunResult } from "./engine.ts";
import {
  type Call,
  handedOver,
  type Outcome,
  pack,
  type Reply,
  type Request,
  restoreError,
  unpack,
  type WorkerData,
} from "./protocol.ts";

interface Waiting {
  resolve(outcome: Outcome): void;
  reject(error: FlwrError): void;
}

/**
 * The engine in a worker thread: the caller's event loop goes on while a model runs, and calls are answered in the
 * order they were made. The worker keeps the process alive only while a call is under way.
 */
export class WorkerEngine implements Engine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #failure?: FlwrError;

  /**
   * A device that cannot be used shows at the first call.
   *
   * @param threads threads per operator on the CPU
   */
  constructor(threads: number, device: Device = "cpu") {
    const workerData: WorkerData = { threads, device };
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData });
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (cause) => {
      this.#fail(new FlwrError("internal", "The training thread failed", { cause }));
    });
    this.#worker.on("exit", () => {
      this.#fail(new FlwrError("failed-precondition", "The training thread has ended"));
    });
    this.#worker.unref();
  }

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
    this.#fail(new FlwrError("failed-precondition", "The training thread is closed"));
    await this.#worker.terminate();
  }

  #call(call: Call, handed: ArrayBuffer[] = []): Promise<Outcome> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const request: Request = { id: this.#calls++, call };
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request, handed);
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ("error" in reply) waiting?.reject(restoreError(reply.error));
    else waiting?.resolve(reply.outcome);
  }

  #fail(failure: FlwrError): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
  }
}
