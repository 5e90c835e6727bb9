import { readSaid } from "./wire/read_said.ts";
import { packToWorker } from "./wire/packed_messages.ts";
import { logOutput, type TakeLine } from "./output_log.ts";
import type { FromWorker, ToWorker } from "../app/worker_protocol.ts";
import type { AppLink, OpenAppLink } from "../app/app_link.ts";
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
import type { SandboxStart, ToProcess } from "./wire/protocol.ts";
import { nextTurn } from "../../base/turn.ts";

/** Milliseconds for which frames of one app are read before others get a turn. */
const TURN_MILLISECONDS = 5;

/** How a sandbox's process is started, and who hears of it. */
export interface SandboxChildOptions {
  readonly launch: Launch;
  /** The folder it works in. */
  readonly folder: string;
  readonly start: SandboxStart;
  /** Threads that train, where its owner says so; default: its part of the machine's cores. */
  readonly threads?: number | undefined;
  /** Gets its standard output and error. */
  readonly output: (stream: Readable) => void;
  /**
   * Gets what it says, one after the other: nothing more is read until this resolves. What it throws is told as a breach
   * of the protocol.
   *
   * @param omitted bytes that were not kept, because of `limits`
   */
  readonly hear: (said: unknown, omitted: number) => void | Promise<void>;
  /** What of it is kept, beside the limit of its texts. */
  readonly limits?: Omit<FrameLimits, "textBytes">;
  /** Told once when it ends by itself, or breaks the rules. */
  readonly crashed: (reason: string) => void;
}

/** A sandbox's process: a group of its own, which nothing outlives. */
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
      // In a group of its own: a Ctrl-C on the terminal is for the node, which ends its apps.
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
    // A process that ended is told by its end.
    this.#input.on("error", () => {});
    preferToBeKilled(pid);
    // One that could not be started has no such stream: the "error" event says why.
    if (pid !== undefined) this.#listen(stdio[FRAMES_FD] as Readable);
    for (const stream of [stdout!, stderr!]) output(stream);
    this.#write(start);
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  /**
   * Says something to the app, with the threads that its models may use now. Resolves when the process has room for more,
   * or has ended.
   */
  say<Said extends object>(said: Said): Promise<void> {
    const framed: ToProcess<Said> = {
      ...said,
      threads: trainerThreads({ override: this.#options.threads }),
    };
    return this.#write(framed);
  }

  async #write(said: unknown): Promise<void> {
    if (this.#ended) return;
    let room = true;
    for (const piece of encodeFrame(said)) room = this.#input.write(piece);
    if (room) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#input.once("drain", resolve);
    await Promise.race([promise, this.exited]);
    this.#input.off("drain", resolve);
  }

  /** Ends it at once. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#process.kill("SIGKILL");
    const { stdin, stdout, stderr, stdio } = this.#process;
    for (const stream of [stdin, stdout, stderr, stdio[FRAMES_FD]]) stream?.destroy();
  }

  async #listen(stream: Readable): Promise<void> {
    try {
      const { hear } = this.#options;
      const limits = { ...this.#options.limits, textBytes: MAX_FRAME_TEXT_BYTES.fromApp };
      let turnBegan = performance.now();
      for await (const { value, omitted } of decodeFrames(stream, limits)) {
        if (this.#ended) return;
        await hear(value, omitted);
        // Frames may come as fast as they are read, hundreds at once: others come in between.
        if (performance.now() - turnBegan < TURN_MILLISECONDS) continue;
        await nextTurn();
        turnBegan = performance.now();
      }
    } catch (error) {
      this.#crash(`it does not keep to the protocol: ${FlwrError.from(error).message}`);
    }
  }

  #crash(reason: string): void {
    if (this.#ended) return;
    this.end();
    this.#options.crashed(reason);
  }
}

/** Why a process was not started. Without the path, which a node's error reply must not show. */
function startFailure(file: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT" && !existsSync(file)) {
    return "the program file of flwr is gone, as after an upgrade. Restart the flwr that runs it";
  }
  return code ?? message;
}

/** When the machine runs out of memory, Linux ends the app first, not the node. */
function preferToBeKilled(pid: number | undefined): void {
  if (Deno.build.os !== "linux" || pid === undefined) return;
  try {
    Deno.writeTextFileSync(`/proc/${pid}/oom_score_adj`, "1000");
  } catch {
    // It has ended already, or /proc is not there.
  }
}

/** Milliseconds that an app may take to be loaded: its modules, and what it does before its first message. */
const LOAD_MILLISECONDS = 60_000;

/** How a sandbox is opened. */
export interface SandboxProcess {
  readonly launch: Launch;
  /** The folder it works in. */
  readonly folder: string;
  readonly start: SandboxStart;
  /** Threads that train, where the node's owner says so; default: the node's part of the machine's cores. */
  readonly threads: number | undefined;
  /** Gets what the app prints. */
  readonly output: TakeLine;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** Opens sandboxes: each is a process of its own, which nothing outlives. */
export function sandboxes(options: SandboxProcess): OpenAppLink {
  return (hear) => new ProcessLink(options, hear);
}

class ProcessLink implements AppLink {
  readonly #crashed: (reason: string) => void;
  readonly #child: SandboxChild;
  #loading: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SandboxProcess, hear: (said: FromWorker) => void) {
    const { launch, folder, start, threads, output, clock = systemClock } = options;
    this.#crashed = (reason) => {
      clearTimeout(this.#loading);
      hear({ kind: "crashed", reason });
    };
    this.#child = new SandboxChild({
      launch,
      folder,
      start,
      threads,
      output: (stream) => void logOutput(stream, clock, output).catch(() => {}), // It has ended.
      // What the app may not hold itself, the node does not hold for it.
      limits: { bodyBytes: Math.min(MAX_FRAME_BODY_BYTES, start.memoryBytes) },
      hear: async (said) => {
        clearTimeout(this.#loading);
        hear(await readSaid(said, nextTurn));
      },
      crashed: this.#crashed,
    });
  }

  send(said: ToWorker): void {
    if (said.kind === "load") {
      this.#loading = setTimeout(() => {
        this.end();
        this.#crashed(`it was not loaded within ${LOAD_MILLISECONDS / 1000} s`);
      }, LOAD_MILLISECONDS);
    }
    this.#child.say(packToWorker(said));
  }

  end(): void {
    clearTimeout(this.#loading);
    this.#child.end();
  }
}
