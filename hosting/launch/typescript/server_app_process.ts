import { MAX_BATCH_BYTES } from "./thread/line_log.ts";
import type { Readable } from "node:stream";
import { SandboxChild } from "../../sandbox/child.ts";
import { defaultMemoryBytes, sandboxLaunch } from "../../sandbox/launch.ts";
import { checkServerAppEvent } from "./check_server_app_event.ts";
import { OutputTail } from "./output_tail.ts";
import type { ServerAppCommand, ServerAppEvent } from "./thread/worker_protocol.ts";

/** The module that runs a ServerApp in the sandbox. */
const WORKER = new URL("./thread/server_app_worker.ts", import.meta.url);

/** Callback for the events of a process. The next event is read after its promise resolves. */
export type OnEvent = (event: ServerAppEvent) => void | Promise<void>;

/** Limits that apply to the processes of all ServerApps. */
export interface ServerAppProcessOptions {
  /** Absolute paths of folders that every app may read in addition to its own. */
  readonly allowRead: readonly string[];
  /** Most bytes of memory that a process may use. Default: half of the machine's, 1 to 16 GiB. */
  readonly memoryBytes?: number;
  /** Most bytes of a method's request, by the method's name; 0 for an unknown method. */
  readonly requestBytes: (method: string) => number;
}

/**
 * A process for one ServerApp, started before its app is known: everything but the app is loaded. It is the same sandbox
 * that SuperNodes run apps in. The app may read the process' folder, in which it is installed, and the granted folders.
 * It has no network, environment, processes or native code, and cannot write files. Its models train in other threads of
 * the process. A crash of the process does not affect the SuperLink.
 */
export class ServerAppProcess implements AsyncDisposable {
  /** The folder to install the app in. It is removed with the process. */
  readonly folder: string;
  readonly #child: SandboxChild;
  readonly #ready = Promise.withResolvers<void>();
  readonly #output = new OutputTail();
  #listener: OnEvent | undefined;
  /** Set when the process ended by itself. */
  #crash: ServerAppEvent | undefined;

  private constructor(
    folder: string,
    {
      allowRead,
      memoryBytes = defaultMemoryBytes(Deno.systemMemoryInfo().total),
      requestBytes,
    }: ServerAppProcessOptions,
  ) {
    this.folder = folder;
    const readable = [folder, ...allowRead];
    this.#child = new SandboxChild({
      launch: sandboxLaunch(readable, (name) => Deno.env.get(name)),
      folder,
      start: {
        kind: "start",
        app: "ServerApp",
        worker: WORKER.href,
        readable,
        memoryBytes,
        devices: ["cpu"],
      },
      output: (stream: Readable) => void this.#output.read(stream),
      limits: { keptBytes: (text) => keptBytes(text, requestBytes) },
      onValue: (value, omitted) => this.#onEvent(checkServerAppEvent(value, omitted)),
      onCrash: (reason) => void this.#onEvent({ kind: "crashed", reason }),
    });
  }

  static async start(options: ServerAppProcessOptions): Promise<ServerAppProcess> {
    // Permissions are checked against real paths.
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flwr-serverapp-" }));
    return new ServerAppProcess(folder, options);
  }

  /** Waits until the process is ready for an app or has ended. `onEvent` receives all events from now on, a crash included. */
  async awaitReady(onEvent: OnEvent): Promise<void> {
    this.#listener = onEvent;
    if (this.#crash !== undefined) await onEvent(this.#crash);
    await this.#ready.promise;
  }

  /** Whether the process ended by itself. One that waits may: when memory is short, the system kills sandboxes first. */
  get crashed(): boolean {
    return this.#crash !== undefined;
  }

  /** Sends a command. Resolves when the process can accept more. */
  async post(command: ServerAppCommand): Promise<void> {
    await this.#child.send(command);
  }

  /** The last output of the process itself, without the app's log: it helps to explain a crash. */
  get output(): string {
    return this.#output.text();
  }

  /** Kills the process and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener = undefined;
    this.#child.end();
    await this.#child.exited;
    await Deno.remove(this.folder, { recursive: true }).catch(() => {});
  }

  async #onEvent(event: ServerAppEvent): Promise<void> {
    if (event.kind === "crashed") this.#crash = event;
    if (event.kind === "ready" || event.kind === "crashed") this.#ready.resolve();
    await this.#listener?.(event);
  }
}

/** Most bytes of the body that follows a frame's text: for a call the limit of its method, otherwise one batch of log. */
function keptBytes(text: unknown, requestBytes: ServerAppProcessOptions["requestBytes"]): number {
  if (typeof text !== "object" || text === null || !("kind" in text) || text.kind !== "call") {
    return MAX_BATCH_BYTES;
  }
  return "method" in text && typeof text.method === "string" ? requestBytes(text.method) : 0;
}
