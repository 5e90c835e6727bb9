import { type Clock, systemClock } from "../../base/clock.ts";
import { trainerThreads } from "../../ml/cores/trainer_slot.ts";
import type { AppLink, OpenAppLink } from "../app/app_link.ts";
import type { FromWorker, ToWorker } from "../app/worker_protocol.ts";
import { SandboxChild } from "./child.ts";
import type { Launch } from "./launch.ts";
import { MAX_FRAME_BODY_BYTES } from "./limits.ts";
import { logOutput, type TakeLine } from "./output_log.ts";
import { type PackedToWorker, packToWorker } from "./packed_messages.ts";
import type { SandboxStart, ToProcess } from "./protocol.ts";
import { readSaid } from "./read_said.ts";
import { nextTurn } from "../../base/turn.ts";

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
  readonly #options: SandboxProcess;
  readonly #crashed: (reason: string) => void;
  readonly #child: SandboxChild;
  #loading: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SandboxProcess, hear: (said: FromWorker) => void) {
    const { launch, folder, start, output, clock = systemClock } = options;
    this.#options = options;
    this.#crashed = (reason) => {
      clearTimeout(this.#loading);
      hear({ kind: "crashed", reason });
    };
    this.#child = new SandboxChild({
      launch,
      folder,
      start,
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
    const framed: ToProcess<PackedToWorker> = {
      ...packToWorker(said),
      threads: trainerThreads({ override: this.#options.threads }),
    };
    this.#child.write(framed);
  }

  end(): void {
    clearTimeout(this.#loading);
    this.#child.end();
  }
}
