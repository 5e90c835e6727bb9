import { FlwrError } from "../../../base/error.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

/** What someone who uses an {@link AppWorker} is told. */
export type Hear = (said: FromWorker) => void;

/**
 * A worker for one ServerApp, started before its app is known: everything but the app is loaded. It may read its own
 * folder, to which the app is put, and folders that were granted; it has no network, no environment, no processes, no
 * foreign functions, and writes nothing.
 */
export class AppWorker implements AsyncDisposable {
  /** Where the app is to be put; gone with the worker. */
  readonly folder: string;
  readonly #worker: Worker;
  readonly #ready = Promise.withResolvers<void>();
  #hear: Hear | undefined;

  private constructor(folder: string, allowRead: readonly string[]) {
    this.folder = folder;
    this.#worker = new Worker(new URL("./server_app_worker.ts", import.meta.url), {
      type: "module",
      name: "ServerApp",
      deno: {
        permissions: {
          read: [folder, ...allowRead],
          env: false,
          ffi: false,
          import: false,
          net: false,
          run: false,
          sys: false,
          write: false,
        },
      },
    });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === "ready") this.#ready.resolve();
      else this.#hear?.(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#ready.reject(new FlwrError("internal", `The worker failed: ${event.message}`));
      this.#hear?.({ kind: "failed", message: event.message, hints: [] });
    };
    // Whoever waits is told; nobody may be there yet.
    this.#ready.promise.catch(() => {});
  }

  /** @param allowRead absolute paths of folders that the app may read, too */
  static async start(allowRead: readonly string[]): Promise<AppWorker> {
    // Permissions are checked against real paths.
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flwr-serverapp-" }));
    return new AppWorker(folder, allowRead);
  }

  /** Waits until the worker can take an app, and has `hear` told of all it says from now on. */
  async attend(hear: Hear): Promise<void> {
    this.#hear = hear;
    await this.#ready.promise;
  }

  post(said: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(said, transfer);
  }

  /** Ends whatever the app does, and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#hear = undefined;
    this.#worker.terminate();
    await Deno.remove(this.folder, { recursive: true }).catch(() => {});
  }
}
