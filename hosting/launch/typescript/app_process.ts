import { MAX_BATCH_BYTES } from "./thread/line_log.ts";
import type { Readable } from "node:stream";
import { SandboxChild } from "../../sandbox/child.ts";
import { defaultMemoryBytes, sandboxLaunch } from "../../sandbox/launch.ts";
import { checkSaid } from "./checked_said.ts";
import { OutputTail } from "./output_tail.ts";
import type { FromWorker, ToWorker } from "./thread/worker_protocol.ts";

/** What runs a ServerApp in the sandbox. */
const WORKER = new URL("./thread/server_app_worker.ts", import.meta.url);

/** Callback for what an {@link AppProcess} says. The next word is read when it resolves. */
export type Hear = (said: FromWorker) => void | Promise<void>;

/** What the processes of all apps may do. */
export interface AppProcessOptions {
  /** Absolute paths of folders that every app may read beside its own. */
  readonly allowRead: readonly string[];
  /** Bytes of memory that a process may take. Default: half of the machine's, 1 to 16 GiB. */
  readonly memoryBytes?: number;
  /** Bytes of the largest request of a method that an app may call, by the method's name; 0 for one that there is not. */
  readonly requestBytes: (method: string) => number;
}

/**
 * A process for one ServerApp, started before its app is known: everything but the app is loaded. It is a sandbox, as
 * those that SuperNodes run apps in: the app may read its own folder, to which it is put, and folders that were granted;
 * it has no network, no environment, no processes, no native code, and writes nothing. Models that it makes are computed
 * with by other threads of the process. Whatever it does to its process, the SuperLink goes on.
 */
export class AppProcess implements AsyncDisposable {
  /** Where the app is to be put; gone with the process. */
  readonly folder: string;
  readonly #child: SandboxChild;
  readonly #ready = Promise.withResolvers<void>();
  readonly #output = new OutputTail();
  #hear: Hear | undefined;
  /** Why the process has ended by itself. */
  #crash: FromWorker | undefined;

  private constructor(
    folder: string,
    {
      allowRead,
      memoryBytes = defaultMemoryBytes(Deno.systemMemoryInfo().total),
      requestBytes,
    }: AppProcessOptions,
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
      hear: (value, omitted) => this.#take(checkSaid(value, omitted)),
      crashed: (reason) => void this.#take({ kind: "crashed", reason }),
    });
  }

  static async start(options: AppProcessOptions): Promise<AppProcess> {
    // Permissions are checked against real paths.
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flwr-serverapp-" }));
    return new AppProcess(folder, options);
  }

  /** Waits until the process can take an app, or has ended, and has `hear` told of all it says from now on, and of its end. */
  async attend(hear: Hear): Promise<void> {
    this.#hear = hear;
    if (this.#crash !== undefined) await hear(this.#crash);
    await this.#ready.promise;
  }

  /** Whether the process has ended by itself, as one that waited for long may have: where memory is short it goes first. */
  get crashed(): boolean {
    return this.#crash !== undefined;
  }

  /** Says something. Resolves when the process has room for more. */
  async post(said: ToWorker): Promise<void> {
    await this.#child.say(said);
  }

  /** What the process itself wrote last, beside its app: of use where it crashed. */
  get output(): string {
    return this.#output.text();
  }

  /** Ends whatever the app does, and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#hear = undefined;
    this.#child.end();
    await this.#child.exited;
    await Deno.remove(this.folder, { recursive: true }).catch(() => {});
  }

  async #take(said: FromWorker): Promise<void> {
    if (said.kind === "crashed") this.#crash = said;
    if (said.kind === "ready" || said.kind === "crashed") this.#ready.resolve();
    await this.#hear?.(said);
  }
}

/** How long a body may be that follows a text: one of a call, what its method takes; another, what some lines take. */
function keptBytes(text: unknown, requestBytes: AppProcessOptions["requestBytes"]): number {
  if (typeof text !== "object" || text === null || !("kind" in text) || text.kind !== "call") {
    return MAX_BATCH_BYTES;
  }
  return "method" in text && typeof text.method === "string" ? requestBytes(text.method) : 0;
}
