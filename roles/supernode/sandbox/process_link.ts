import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { trainerThreads } from "../../../ml/cores/trainer_slot.ts";
import type { AppLink, OpenAppLink } from "../app_link.ts";
import type { FromWorker, ToWorker } from "../worker_protocol.ts";
import { FRAMES_FD } from "./channel.ts";
import { checkSaid } from "./checked_reply.ts";
import { decodeFrames, encodeFrame } from "./frame.ts";
import type { Launch } from "./launch.ts";
import { LOAD_MILLISECONDS } from "./limits.ts";
import { logOutput, type TakeLine } from "./output_log.ts";
import type { SandboxStart, ToProcess } from "./protocol.ts";

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
  readonly #options: SandboxProcess;
  readonly #hear: (said: FromWorker) => void;
  readonly #process: ChildProcess;
  readonly #input: Writable;
  #loading: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(options: SandboxProcess, hear: (said: FromWorker) => void) {
    const { launch, folder, start, output, clock = systemClock } = options;
    this.#options = options;
    this.#hear = hear;
    this.#process = spawn(launch.file, [...launch.args], {
      cwd: folder,
      env: { ...launch.env },
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      // In a group of its own: a Ctrl-C on the terminal is for the node, which ends its apps.
      detached: true,
      windowsHide: true,
    });
    this.#process.on("error", ({ message }) => this.#crash(`it cannot be started: ${message}`));
    this.#process.on("exit", (code, signal) => {
      this.#crash(`its process ended (${signal ?? `exit status ${code}`})`);
    });
    const { stdin, stdout, stderr, stdio } = this.#process;
    this.#input = stdin!;
    // A process that ended is told by its end.
    this.#input.on("error", () => {});
    preferToBeKilled(this.#process.pid);
    this.#listen(stdio[FRAMES_FD] as Readable);
    for (const stream of [stdout!, stderr!]) {
      logOutput(stream, clock, output).catch(() => {}); // The process has ended.
    }
    this.#write(start);
  }

  send(said: ToWorker): void {
    if (said.kind === "load") {
      this.#loading = setTimeout(() => {
        this.#crash(`it was not loaded within ${LOAD_MILLISECONDS / 1000} s`);
      }, LOAD_MILLISECONDS);
    }
    const framed: ToProcess = {
      ...said,
      threads: trainerThreads({ override: this.#options.threads }),
    };
    this.#write(framed);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#loading);
    this.#process.kill("SIGKILL");
    const { stdin, stdout, stderr, stdio } = this.#process;
    for (const stream of [stdin, stdout, stderr, stdio[FRAMES_FD]]) stream?.destroy();
  }

  #write(said: SandboxStart | ToProcess): void {
    for (const piece of encodeFrame(said)) this.#input.write(piece);
  }

  async #listen(stream: Readable): Promise<void> {
    try {
      for await (const { value } of decodeFrames(stream)) {
        if (this.#ended) return;
        clearTimeout(this.#loading);
        this.#hear(checkSaid(value));
      }
    } catch (error) {
      this.#crash(`it does not keep to the protocol: ${FlwrError.from(error).message}`);
    }
  }

  #crash(reason: string): void {
    if (this.#ended) return;
    this.end();
    this.#hear({ kind: "crashed", reason });
  }
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
