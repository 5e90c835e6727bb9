import type { Compute, ComputeSettings } from "../../../ml/engine/compute.ts";
import type { StartEngine } from "../../../ml/engine/engine.ts";
import { PortEngine } from "../../../ml/engine/port_engine.ts";
import type { OpenTrainer } from "../wire/protocol.ts";

/** What an app in a sandbox computes with: the sandbox's trainers, and as many threads as it assigned last. */
export class SandboxCompute {
  readonly #startEngine: StartEngine;
  /** The app's thread cannot see who else trains on the machine. */
  #assigned = 1;

  /** @param post asks the sandbox's process for a trainer, which it connects to the port */
  constructor(post: (asked: OpenTrainer, transfer: Transferable[]) => void) {
    this.#startEngine = ({ threads, device }) => {
      const { port1, port2 } = new MessageChannel();
      post({ kind: "open-trainer", threads, device }, [port2]);
      return Promise.resolve(new PortEngine(port1));
    };
  }

  /** Sets how many threads each model may use from now on. */
  assignThreads(threads: number): void {
    this.#assigned = threads;
  }

  /** What the app gets. */
  compute({ threads, device = "cpu" }: ComputeSettings = {}): Compute {
    return {
      device,
      startEngine: this.#startEngine,
      register: (own = threads) => ({
        threads: () => own ?? this.#assigned,
        [Symbol.dispose]() {},
      }),
    };
  }
}
