import { fieldsOf, integerOf } from "../../../base/untrusted.ts";
import { FlwrError } from "../../../base/error.ts";
import type { ClientAppEvent } from "../../app/worker_protocol.ts";
import { startAppThread } from "./app_thread.ts";

/** The module that runs a ClientApp for virtual nodes. */
const WORKER = new URL("./node_thread.ts", import.meta.url);

/** Milliseconds after which prepared threads that nobody has requested end, counted from the first request. */
const UNUSED_MILLISECONDS = 1000;
/** The same, counted from the start of the run: its nodes may work on other machines. */
const UNREQUESTED_MILLISECONDS = 30_000;

/** Options of {@link NodeThreads}. */
export interface NodeThreadsOptions {
  /** Most threads at once. */
  readonly limit: number;
  /** Absolute paths that the threads may read. */
  readonly readable: readonly string[];
  /** Starts a trainer for a model of a thread. @returns a function that ends it */
  readonly openTrainer: (asked: unknown, port: MessagePort) => () => void;
  /** Starts a trainer before a model needs it. */
  readonly prepareTrainer: () => void;
}

/** The threads in which a ServerApp's process runs the ClientApp for virtual nodes. */
export class NodeThreads {
  readonly #options: NodeThreadsOptions;
  readonly #threads = new Map<number, NodeThread>();
  /** Threads without a port. */
  readonly #prepared = new Set<Worker>();

  constructor(options: NodeThreadsOptions) {
    this.#options = options;
  }

  /** Starts threads before they are requested, because loading their modules takes most of the time. */
  prepare(count: number): void {
    const { readable, limit } = this.#options;
    while (this.#prepared.size < Math.min(count, limit)) {
      const thread = startAppThread(WORKER.href, "ClientApp", readable);
      this.#prepared.add(thread);
      // Another one is started when it is needed, and its error reported then.
      thread.onerror = (event) => {
        event.preventDefault();
        this.#prepared.delete(thread);
      };
    }
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
      const { readable, limit, openTrainer, prepareTrainer } = this.#options;
      const id = idOf(asked);
      if (this.#threads.has(id) || this.#threads.size >= limit) {
        throw new FlwrError(
          "resource-exhausted",
          `The process may have ${limit} threads for simulated nodes`,
        );
      }
      const thread = this.#takePrepared() ?? startAppThread(WORKER.href, "ClientApp", readable);
      const trainers: (() => void)[] = [];
      this.#threads.set(id, { worker: thread, trainers });
      // One ahead, so that an app cannot start trainers without models.
      let isTrainerPrepared = false;
      thread.onmessage = ({ data, ports }: MessageEvent<unknown>) => {
        if (ports[0] !== undefined) {
          isTrainerPrepared = false;
          trainers.push(openTrainer(data, ports[0]));
        } else if (!isTrainerPrepared) {
          isTrainerPrepared = true;
          prepareTrainer();
        }
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

  /** Ends prepared threads later, if the run that starts now requests none. */
  runStarts(): void {
    if (this.#prepared.size > 0) setTimeout(() => this.#endPrepared(), UNREQUESTED_MILLISECONDS);
  }

  #takePrepared(): Worker | undefined {
    const [thread] = this.#prepared;
    if (thread === undefined) return undefined;
    this.#prepared.delete(thread);
    setTimeout(() => this.#endPrepared(), UNUSED_MILLISECONDS);
    return thread;
  }

  #endPrepared(): void {
    for (const thread of this.#prepared) thread.terminate();
    this.#prepared.clear();
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
