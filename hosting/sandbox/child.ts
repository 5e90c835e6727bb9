import { readPackedEvent } from "./wire/read_packed_event.ts";
import { packCommand } from "./wire/packed_messages.ts";
import { type LineSink, logOutput } from "./output_log.ts";
import type { ClientAppCommand, ClientAppEvent } from "../app/worker_protocol.ts";
import type { AppInstance, StartInstance } from "../app/app_instance.ts";
import { trainerThreads } from "../../ml/cores/trainer_slot.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { FlwrError } from "../../base/error.ts";
import {
  decodeFrames,
  encodeFrame,
  type FrameLimits,
  FRAMES_FD,
  MAX_FRAME_BODY_BYTES,
  MAX_FRAME_TEXT_BYTES,
} from "./wire/frame.ts";
import type { Launch } from "./launch.ts";
import type { SandboxStart, WithThreads } from "./wire/protocol.ts";
import { nextTurn } from "../../base/turn.ts";

/** Milliseconds for which the frames of one app are read before other work gets a turn. */
const TURN_MILLISECONDS = 5;

/** Options of a {@link SandboxChild}. */
export interface SandboxChildOptions {
  readonly launch: Launch;
  /** The process' working directory. */
  readonly folder: string;
  readonly start: SandboxStart;
  /** Threads for training, if the owner set them. Default: this process' share of the machine's cores. */
  readonly threads?: number | undefined;
  /** Called with stdout and with stderr of the process. */
  readonly output: (stream: Readable) => void;
  /**
   * Called with each value that the process sends. The next one is read after its promise resolves. An error that it
   * throws counts as a violation of the protocol.
   *
   * @param omitted bytes that were discarded, because of `limits`
   */
  readonly onValue: (value: unknown, omitted: number) => void | Promise<void>;
  /** Limits for the frames of the process. The limit of their text is fixed. */
  readonly limits?: Omit<FrameLimits, "textBytes">;
  /** Called once, when the process ends by itself or violates the protocol. */
  readonly onCrash: (reason: string) => void;
}

/** The process of a sandbox, in a process group of its own. */
export class SandboxChild {
  readonly #options: SandboxChildOptions;
  readonly #process: ChildProcess;
  readonly #input: Writable;
  readonly #exited = Promise.withResolvers<void>();
  #ended = false;

  constructor(options: SandboxChildOptions) {
    const { launch, folder, start, output } = options;
    this.#options = options;
    this.#process = spawn(launch.file, [...launch.args], {
      cwd: folder,
      env: { ...launch.env },
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      // A group of its own: only the node shall handle a Ctrl-C in its terminal, and end its apps.
      detached: true,
      windowsHide: true,
    });
    this.#process.on("error", (error: NodeJS.ErrnoException) => {
      this.#exited.resolve();
      this.#crash(`it cannot be started: ${startFailure(launch.file, error)}`);
    });
    this.#process.on("exit", (code, signal) => {
      this.#exited.resolve();
      this.#crash(`its process ended (${signal ?? `exit status ${code}`})`);
    });
    const { pid, stdin, stdout, stderr, stdio } = this.#process;
    this.#input = stdin!;
    // The "exit" event reports a process that ended.
    this.#input.on("error", () => {});
    preferToBeKilled(pid);
    // A process that could not be started has no such stream. The "error" event reports it.
    if (pid !== undefined) this.#listen(stdio[FRAMES_FD] as Readable);
    for (const stream of [stdout!, stderr!]) output(stream);
    this.#write(start);
  }

  /** Resolves when the process has ended. */
  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  /**
   * Sends a command to the app, with the number of threads that its models may use now. Resolves when the process can
   * accept more, or has ended.
   */
  send<Command extends object>(command: Command): Promise<void> {
    const framed: WithThreads<Command> = {
      ...command,
      threads: trainerThreads({ override: this.#options.threads }),
    };
    return this.#write(framed);
  }

  async #write(value: unknown): Promise<void> {
    if (this.#ended) return;
    let room = true;
    for (const piece of encodeFrame(value)) room = this.#input.write(piece);
    if (room) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#input.once("drain", resolve);
    await Promise.race([promise, this.exited]);
    this.#input.off("drain", resolve);
  }

  /** Kills the process. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#process.kill("SIGKILL");
    const { stdin, stdout, stderr, stdio } = this.#process;
    for (const stream of [stdin, stdout, stderr, stdio[FRAMES_FD]]) stream?.destroy();
  }

  async #listen(stream: Readable): Promise<void> {
    try {
      const { onValue } = this.#options;
      const limits = { ...this.#options.limits, textBytes: MAX_FRAME_TEXT_BYTES.fromApp };
      let turnBegan = performance.now();
      for await (const { value, omitted } of decodeFrames(stream, limits)) {
        if (this.#ended) return;
        await onValue(value, omitted);
        // Frames may arrive as fast as they are read, hundreds in one turn of the event loop.
        if (performance.now() - turnBegan < TURN_MILLISECONDS) continue;
        await nextTurn();
        turnBegan = performance.now();
      }
    } catch (error) {
      this.#crash(`it violates the protocol: ${FlwrError.from(error).message}`);
    }
  }

  #crash(reason: string): void {
    if (this.#ended) return;
    this.end();
    this.#options.onCrash(reason);
  }
}

/** Why a process was not started. Without the path, because this text goes into a node's error reply. */
function startFailure(file: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT" && !existsSync(file)) {
    return "flwr's program file no longer exists, perhaps after an upgrade. Restart this flwr";
  }
  return code ?? message;
}

/** Asks Linux to kill the app first, not the node, when the machine runs out of memory. */
function preferToBeKilled(pid: number | undefined): void {
  if (Deno.build.os !== "linux" || pid === undefined) return;
  try {
    Deno.writeTextFileSync(`/proc/${pid}/oom_score_adj`, "1000");
  } catch {
    // The process has already ended, or there is no /proc.
  }
}

/** Milliseconds in which an app must be loaded, with its modules and their top-level code. */
const LOAD_MILLISECONDS = 60_000;

/** Options for sandboxes of one ClientApp. */
export interface SandboxOptions {
  readonly launch: Launch;
  /** The process' working directory. */
  readonly folder: string;
  readonly start: SandboxStart;
  /** Threads for training, if the node's owner set them. Default: the node's share of the machine's cores. */
  readonly threads: number | undefined;
  /** Called with each line that the app prints. */
  readonly output: LineSink;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** Returns a function that starts sandboxes for a ClientApp. Each is a process of its own. */
export function sandboxStarter(options: SandboxOptions): StartInstance {
  return (onEvent) => new SandboxInstance(options, onEvent);
}

class SandboxInstance implements AppInstance {
  readonly #crashed: (reason: string) => void;
  readonly #child: SandboxChild;
  #loading: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SandboxOptions, onEvent: (event: ClientAppEvent) => void) {
    const { launch, folder, start, threads, output, clock = systemClock } = options;
    this.#crashed = (reason) => {
      clearTimeout(this.#loading);
      onEvent({ kind: "crashed", reason });
    };
    this.#child = new SandboxChild({
      launch,
      folder,
      start,
      threads,
      // A broken stream means that the process has ended.
      output: (stream) => void logOutput(stream, clock, output).catch(() => {}),
      // A frame from the app cannot be larger than the memory that the app may use.
      limits: { bodyBytes: Math.min(MAX_FRAME_BODY_BYTES, start.memoryBytes) },
      onValue: async (value) => {
        clearTimeout(this.#loading);
        onEvent(await readPackedEvent(value, nextTurn));
      },
      onCrash: this.#crashed,
    });
  }

  send(command: ClientAppCommand): void {
    if (command.kind === "load") {
      this.#loading = setTimeout(() => {
        this.end();
        this.#crashed(`it was not loaded within ${LOAD_MILLISECONDS / 1000} s`);
      }, LOAD_MILLISECONDS);
    }
    this.#child.send(packCommand(command));
  }

  end(): void {
    clearTimeout(this.#loading);
    this.#child.end();
  }
}
