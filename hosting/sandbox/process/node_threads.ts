import { fieldsOf, integerOf } from "../../../base/untrusted.ts";
import { FlwrError } from "../../../base/error.ts";
import type { ClientAppEvent } from "../../app/worker_protocol.ts";
import { startAppThread } from "./app_thread.ts";

/** The module that runs a ClientApp for virtual nodes. */
const WORKER = new URL("./node_thread.ts", import.meta.url);

/** Options of {@link NodeThreads}. */
export interface NodeThreadsOptions {
  /** Most threads at once. */
  readonly limit: number;
  /** Absolute paths that the threads may read. */
  readonly readable: readonly string[];
  /** Starts a trainer for a model of a thread. @returns a function that ends it */
  readonly openTrainer: (asked: unknown, port: MessagePort) => () => void;
}

/** The threads in which a ServerApp's process runs the ClientApp for virtual nodes. */
export class NodeThreads {
  readonly #options: NodeThreadsOptions;
  readonly #threads = new Map<number, NodeThread>();

  constructor(options: NodeThreadsOptions) {
    this.#options = options;
  }

  /**
   * Starts a thread that answers at a port.
   *
   * @param asked the request of the ServerApp's thread: any value
   * @param port moves to the thread
   * @param reports gets the reason if the thread is refused, or fails where it cannot report that itself
   */
  open(asked: unknown, port: MessagePort, reports: MessagePort): void {
    const failed = (error: unknown) => {
      const { message } = FlwrError.from(error);
      const crashed: ClientAppEvent = { kind: "crashed", reason: message };
      reports.postMessage(crashed);
    };
    try {
      const { readable, limit, openTrainer } = this.#options;
      const id = idOf(asked);
      if (this.#threads.has(id) || this.#threads.size >= limit) {
        throw new FlwrError(
          "resource-exhausted",
          `The process may have ${limit} threads for simulated nodes`,
        );
      }
      const thread = startAppThread(WORKER.href, "ClientApp", readable);
      const trainers: (() => void)[] = [];
      this.#threads.set(id, { worker: thread, trainers });
      thread.onmessage = ({ data, ports }: MessageEvent<unknown>) => {
        if (ports[0] !== undefined) trainers.push(openTrainer(data, ports[0]));
      };
      // The thread reports what happens in it over its port, which has moved to it. This is what it could not report.
      thread.onerror = (event) => {
        event.preventDefault();
        this.end(asked);
        failed(new Error(event.message));
      };
      thread.postMessage(undefined, [port]);
    } catch (error) {
      failed(error);
    }
  }

  /** Ends a thread, with any work in progress. */
  end(asked: unknown): void {
    const id = idOf(asked);
    const thread = this.#threads.get(id);
    this.#threads.delete(id);
    thread?.worker.terminate();
    // Nothing tells a trainer that the thread at the other end of its port was ended.
    for (const endTrainer of thread?.trainers ?? []) endTrainer();
  }
}

/** A thread, and what ends the trainers of its models. */
interface NodeThread {
  readonly worker: Worker;
  readonly trainers: readonly (() => void)[];
}

function idOf(asked: unknown): number {
  return integerOf(fieldsOf(asked, "Thread")["id"], "Id", 0, Number.MAX_SAFE_INTEGER);
}
