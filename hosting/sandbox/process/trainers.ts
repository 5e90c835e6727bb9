import { choiceOf, fieldsOf, integerOf } from "../../../base/untrusted.ts";
import { FlwrError } from "../../../base/error.ts";
import type { Device } from "../../../ml/engine/device.ts";
import { MAX_THREADS } from "../../../ml/engine/limits.ts";
import { type FromTrainer, reportError } from "../../../ml/engine/protocol.ts";
import { type Failure, uncaught } from "../../app/failure.ts";
import type { ToTrainer } from "../wire/protocol.ts";

/** Models of an app that may be open for training at once; each has a thread of its own. */
export const MAX_TRAINERS = 16;

/** What an app's trainers may take. */
export interface TrainersOptions {
  /** Most bytes of tensors that one of them keeps. */
  readonly memoryBytes: number;
  readonly devices: readonly Device[];
  /** Called when one fails by itself. */
  readonly failed: (reason: string, failure: Failure) => void;
}

/** The threads that train for an app, each for one model that is open. */
export class Trainers {
  readonly #options: TrainersOptions;
  readonly #workers = new Set<Worker>();
  #threads = 1;
  /** One that waits for a model, with ONNX Runtime loaded. */
  #ready: Worker | undefined;
  #used = false;

  constructor(options: TrainersOptions) {
    this.#options = options;
  }

  /** Whether a model of the app asked for one. */
  get used(): boolean {
    return this.#used;
  }

  /** Says how many threads each may use from now on. */
  assignThreads(threads: number): void {
    this.#threads = threads;
    for (const worker of this.#workers) tell(worker, { kind: "assign-threads", threads });
  }

  /** Has one ready for the next model: to start a thread and to load ONNX Runtime takes longer than anything after it. */
  prepare(): void {
    if (this.#ready !== undefined || this.#workers.size >= MAX_TRAINERS) return;
    this.#ready = this.#startWorker();
    tell(this.#ready, { kind: "prepare" });
  }

  /**
   * Starts one that answers at a port, or says there why not.
   *
   * @param asked what the app's thread asks for: it may be anything
   */
  open(asked: unknown, port: MessagePort): void {
    try {
      this.#start(asked, port);
    } catch (error) {
      const refused: FromTrainer = { refused: reportError(error) };
      port.postMessage(refused);
      port.close();
    }
  }

  #start(asked: unknown, port: MessagePort): void {
    const { memoryBytes, devices } = this.#options;
    const { threads, device } = fieldsOf(asked, "Trainer");
    const open = this.#workers.size - (this.#ready === undefined ? 0 : 1);
    if (open >= MAX_TRAINERS) {
      throw new FlwrError("resource-exhausted", `${MAX_TRAINERS} models of the app are open`, {
        hints: ["Make a model once and keep it, or dispose of it"],
      });
    }
    const start: ToTrainer = {
      kind: "start",
      threads: integerOf(threads, "Threads", 1, MAX_THREADS),
      device: choiceOf(device, "Device", devices),
      maxThreads: this.#threads,
      memoryBytes,
    };
    const worker = this.#ready ?? this.#startWorker();
    this.#used = true;
    this.#ready = undefined;
    tell(worker, start, [port]);
  }

  #startWorker(): Worker {
    const { failed } = this.#options;
    const worker = new Worker(new URL("./trainer_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = () => {
      this.#workers.delete(worker);
      worker.terminate();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      failed(`its trainer failed: ${event.message}`, uncaught(event.message));
    };
    this.#workers.add(worker);
    return worker;
  }
}

function tell(worker: Worker, said: ToTrainer, transfer: Transferable[] = []): void {
  worker.postMessage(said, transfer);
}
