import { createInterface, type Interface } from "node:readline";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

/** A contestant: trains on or evaluates all examples once and says how many per second it managed. */
export interface Contestant extends AsyncDisposable {
  readonly name: string;
  train(): Promise<number>;
  evaluate(): Promise<number>;
}

/** PyTorch in a process of its own, asked by lines. */
export class TorchPeer implements Contestant {
  readonly name: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(name: string, process: ChildProcessWithoutNullStreams) {
    this.name = name;
    this.#process = process;
    this.#reader = createInterface({ input: process.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /**
   * @param python a Python that has PyTorch
   * @param network one of networks.ts
   * @param threads PyTorch's threads; 0 leaves its default
   */
  static async start(
    python: string,
    network: string,
    threads: number,
    examples: number,
  ): Promise<TorchPeer> {
    const script = new URL("./torch_peer.py", import.meta.url).pathname;
    const child = spawn(python, [script, network, String(threads), String(examples)]);
    child.stderr.resume();
    const peer = new TorchPeer("PyTorch", child);
    await peer.#lines.next();
    return peer;
  }

  train(): Promise<number> {
    return this.#ask("train");
  }

  evaluate(): Promise<number> {
    return this.#ask("evaluate");
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#reader.close();
    this.#process.stdin.end();
    return new Promise((resolve) => this.#process.once("exit", () => resolve()));
  }

  async #ask(line: string): Promise<number> {
    this.#process.stdin.write(line + "\n");
    return Number((await this.#lines.next()).value);
  }
}
