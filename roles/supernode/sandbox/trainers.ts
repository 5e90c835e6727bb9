import { choiceOf, fieldsOf, integerOf } from "../../../base/untrusted.ts";
import { FlwrError } from "../../../base/error.ts";
import type { Device } from "../../../ml/session/device.ts";
import { MAX_THREADS } from "../../../ml/session/limits.ts";
import { type FromTrainer, reportError } from "../../../ml/session/protocol.ts";
import { type Failure, uncaught } from "../failure.ts";
import { MAX_TRAINERS } from "./limits.ts";
import type { ToTrainer } from "./protocol.ts";

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

  constructor(options: TrainersOptions) {
    this.#options = options;
  }

  /** Says how many threads each may use from now on. */
  assignThreads(threads: number): void {
    this.#threads = threads;
    for (const worker of this.#workers) tell(worker, { kind: "assign-threads", threads });
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
    const { memoryBytes, devices, failed } = this.#options;
    const { threads, device } = fieldsOf(asked, "Trainer");
    if (this.#workers.size >= MAX_TRAINERS) {
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
    tell(worker, start, [port]);
  }
}

function tell(worker: Worker, said: ToTrainer, transfer: Transferable[] = []): void {
  worker.postMessage(said, transfer);
}
