import { processTree } from "../support/process_tree.ts";

/** Milliseconds between two readings, which take a few milliseconds each. */
const INTERVAL_MILLISECONDS = 500;

/** Watches the memory of processes and all that they start. */
export class TreeMemory implements Disposable {
  readonly #roots: readonly number[];
  readonly #timer: ReturnType<typeof setInterval>;
  /** The most that was seen, in bytes. Pages that several processes share count once (PSS of proc_pid_smaps(5)). */
  peak = 0;

  constructor(roots: readonly number[]) {
    this.#roots = roots;
    let reading = false;
    this.#timer = setInterval(async () => {
      if (reading) return;
      reading = true;
      this.peak = Math.max(this.peak, await this.#read());
      reading = false;
    }, INTERVAL_MILLISECONDS);
  }

  async #read(): Promise<number> {
    const pids = new Set((await Promise.all(this.#roots.map(processTree))).flat());
    const sizes = await Promise.all([...pids].map(async (pid) => {
      const text = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`).catch(() => "");
      return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
    }));
    return sizes.reduce((sum, bytes) => sum + bytes, 0);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
