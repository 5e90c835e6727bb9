import { choiceOf, fieldsOf, integerOf } from "../../../base/untrusted.ts";
import { FlwrError } from "../../../base/error.ts";
import type { Device } from "../../../ml/engine/device.ts";
import { MAX_THREADS } from "../../../ml/engine/limits.ts";
import { toErrorReport, type TrainerMessage } from "../../../ml/engine/protocol.ts";
import { type Failure, uncaughtFailure } from "../../app/failure.ts";
import type { TrainerCommand } from "../wire/protocol.ts";

/** Most models of an app that are open for training at once. Each has a thread of its own. */
export const MAX_TRAINERS = 16;

/** Options of {@link Trainers}. */
export interface TrainersOptions {
  /** Most bytes of tensors that one trainer keeps. */
  readonly memoryBytes: number;
  readonly devices: readonly Device[];
  /** Most models that are open at once (default: {@link MAX_TRAINERS}). */
  readonly limit?: number;
  /** Called when a trainer's thread fails. */
  readonly failed: (reason: string, failure: Failure) => void;
}

/** The trainers of an app: one thread for each open model. */
export class Trainers {
  readonly #options: TrainersOptions;
  readonly #limit: number;
  readonly #workers = new Set<Worker>();
  #threads = 1;
  /** Trainers without a model, with ONNX Runtime loaded. */
  readonly #ready: Worker[] = [];
  #used = false;

  constructor(options: TrainersOptions) {
    this.#options = options;
    this.#limit = options.limit ?? MAX_TRAINERS;
  }

  /** Whether a model of the app has requested a trainer. */
  get used(): boolean {
    return this.#used;
  }

  /** Sets the number of threads that each trainer may use from now on. */
  assignThreads(threads: number): void {
    this.#threads = threads;
    for (const worker of this.#workers) tell(worker, { kind: "assign-threads", threads });
  }

  /** Starts a trainer for the next model, because starting a thread and loading ONNX Runtime takes most of the time. */
  prepare(): void {
    if (this.#ready.length === 0) this.prepareMore();
  }

  /** Starts one more trainer for a later model. */
  prepareMore(): void {
    if (this.#workers.size >= this.#limit) return;
    const worker = this.#startWorker();
    this.#ready.push(worker);
    tell(worker, { kind: "prepare" });
  }

  /**
   * Starts a trainer that answers at a port, or sends the reason for refusing to the port.
   *
   * @param asked the request of the app's thread: any value
   * @returns a function that ends the trainer, if it has not ended by itself
   */
  open(asked: unknown, port: MessagePort): () => void {
    try {
      const worker = this.#start(asked, port);
      return () => this.#end(worker);
    } catch (error) {
      const refused: TrainerMessage = { refused: toErrorReport(error) };
      port.postMessage(refused);
      port.close();
      return () => {};
    }
  }

  #start(asked: unknown, port: MessagePort): Worker {
    const { memoryBytes, devices } = this.#options;
    const { threads, device } = fieldsOf(asked, "Trainer");
    const open = this.#workers.size - this.#ready.length;
    if (open >= this.#limit) {
      throw new FlwrError("resource-exhausted", `The app has ${this.#limit} open models`, {
        hints: ["Create a model once and keep it, or dispose of it"],
      });
    }
    const start: TrainerCommand = {
      kind: "start",
      threads: integerOf(threads, "Threads", 1, MAX_THREADS),
      device: choiceOf(device, "Device", devices),
      maxThreads: this.#threads,
      memoryBytes,
    };
    const worker = this.#ready.shift() ?? this.#startWorker();
    this.#used = true;
    tell(worker, start, [port]);
    return worker;
  }

  #end(worker: Worker): void {
    this.#workers.delete(worker);
    worker.terminate();
  }

  #startWorker(): Worker {
    const { failed } = this.#options;
    const worker = new Worker(new URL("./trainer_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = () => this.#end(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      failed(`its trainer failed: ${event.message}`, uncaughtFailure(event.message));
    };
    this.#workers.add(worker);
    return worker;
  }
}

function tell(worker: Worker, command: TrainerCommand, transfer: Transferable[] = []): void {
  worker.postMessage(command, transfer);
}
