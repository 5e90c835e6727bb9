import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { FlwrError } from "../../base/error.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import type { Side } from "../support/comparison.ts";

/** What a peer trains. */
export interface Work {
  /** One of networks.ts; with `dp-` before it, trained by DP-SGD. */
  readonly network: string;
  /** Threads that compute; 0 leaves the side's default. */
  readonly threads: number;
  readonly examples: number;
  /** Examples per step. */
  readonly batch: number;
}

/** What the sides are run with. */
export interface Sides {
  /** An interpreter that has PyTorch. */
  readonly python: string;
  /** The folder of this program's build. */
  readonly build: string;
}

/** A process that trains and evaluates a network on random examples when it is told to. */
export class Peer implements AsyncDisposable {
  readonly side: Side;
  readonly work: Work;
  readonly #process: ChildProcess;
  readonly #input: Writable;
  readonly #reader: Interface;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    side: Side,
    work: Work,
    process: ChildProcess & { stdin: Writable; stdout: Readable },
  ) {
    this.side = side;
    this.work = work;
    this.#process = process;
    this.#input = process.stdin;
    this.#reader = createInterface({ input: process.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /**
   * Starts a process and waits until its network and its examples are there.
   */
  static async start(side: Side, { python, build }: Sides, work: Work): Promise<Peer> {
    const { network, threads, examples, batch } = work;
    // Installed commands load what an app imports from the build.
    const built = ["--node-modules-dir=manual", "--config", `${build}/deno.json`];
    const [command, ...args] = side === "flwr"
      ? [
        ...[Deno.execPath(), "run", "-A", ...(network === "example" ? built : [])],
        repositoryPath("bench/ml/flwr_peer.ts"),
      ]
      : [python, repositoryPath("bench/ml/torch_peer.py")];
    const numbers = [threads, examples, batch].map(String);
    const child = spawn(command!, [...args, network, ...numbers], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const peer = new Peer(side, work, child);
    await peer.#line();
    return peer;
  }

  /** The process' id. */
  get pid(): number {
    return this.#process.pid!;
  }

  /** Trains on all examples once. @returns examples per second */
  train(): Promise<number> {
    return this.#ask("train");
  }

  /** Evaluates all examples once. @returns examples per second */
  evaluate(): Promise<number> {
    return this.#ask("evaluate");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.close();
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#input.end();
    await ended;
  }

  async #ask(line: string): Promise<number> {
    this.#input.write(line + "\n");
    return Number(await this.#line());
  }

  async #line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (!done) return value;
    throw new FlwrError("internal", `The ${this.side} process ended: it should train`);
  }
}
