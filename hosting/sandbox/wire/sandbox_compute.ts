import type { Compute, ComputeSettings } from "../../../ml/engine/compute.ts";
import type { StartEngine } from "../../../ml/engine/engine.ts";
import { PortEngine } from "../../../ml/engine/port_engine.ts";
import type { OpenTrainer } from "./protocol.ts";

/** The compute of a sandboxed app: the sandbox's trainers, with the number of threads that was assigned last. */
export class SandboxCompute {
  readonly #startEngine: StartEngine;
  readonly #prepare: (() => void) | undefined;
  /** Assigned by the process, because the app's thread cannot see other training on the machine. */
  #assigned = 1;

  /**
   * @param post requests a trainer from the sandbox's process, which connects it to the transferred port
   * @param prepare asks the process to load a trainer, when a model is created (default: it is loaded when needed)
   */
  constructor(
    post: (asked: OpenTrainer, transfer: Transferable[]) => void,
    prepare?: () => void,
  ) {
    this.#prepare = prepare;
    this.#startEngine = ({ threads, device }) => {
      const { port1, port2 } = new MessageChannel();
      post({ kind: "open-trainer", threads, device }, [port2]);
      return Promise.resolve(new PortEngine(port1));
    };
  }

  /** Sets the number of threads that each model may use from now on. */
  assignThreads(threads: number): void {
    this.#assigned = threads;
  }

  /** Creates the app's compute. */
  compute({ threads, device = "cpu" }: ComputeSettings = {}): Compute {
    return {
      device,
      startEngine: this.#startEngine,
      ...(this.#prepare && { prepare: this.#prepare }),
      register: (own = threads) => ({
        threads: () => own ?? this.#assigned,
        [Symbol.dispose]() {},
      }),
    };
  }
}
