import { Worker } from "node:worker_threads";
import { FlwrError } from "../../base/error.ts";
import type { Device } from "../engine/device.ts";
import type { EngineReply, EngineRequest, WorkerData } from "../engine/protocol.ts";
import { RemoteEngine } from "../engine/remote_engine.ts";

/**
 * An engine in a worker thread. The caller's event loop keeps running while a model runs, and calls are answered in the
 * order in which they are made. The worker keeps the process alive only while a call is pending.
 */
export class WorkerEngine extends RemoteEngine {
  readonly #worker: Worker;

  /**
   * Starts the worker. A device that cannot be used is reported at the first call.
   *
   * @param threads threads per operator on the CPU
   */
  constructor(threads: number, device: Device = "cpu") {
    super();
    const workerData: WorkerData = { threads, device };
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData });
    this.#worker.on("message", (reply: EngineReply) => this.settleCall(reply));
    this.#worker.on("error", (cause) => {
      this.fail(new FlwrError("internal", "The training thread failed", { cause }));
    });
    this.#worker.on("exit", () => {
      this.fail(new FlwrError("failed-precondition", "The training thread has ended"));
    });
    this.#worker.unref();
  }

  protected override post(request: EngineRequest, handed: ArrayBuffer[]): void {
    this.#worker.postMessage(request, handed);
  }

  protected override async end(): Promise<void> {
    await this.#worker.terminate();
  }

  protected override setBusy(busy: boolean): void {
    if (busy) this.#worker.ref();
    else this.#worker.unref();
  }
}
