import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Device } from "../engine/device.ts";
import type { Engine, NamedTensor, Run, RunResult } from "../engine/engine.ts";
import { openProbe } from "./probe.ts";
import {
  feedable,
  fromRuntime,
  loadRuntime,
  type Runtime,
  type RuntimeTensor,
  type Session,
  sessionOptions,
  toRuntime,
} from "./runtime.ts";
import { openError, runError } from "./runtime_error.ts";

/** An engine in the calling thread: a run blocks its event loop. */
export class LocalEngine implements Engine {
  readonly #runtime: Runtime;
  readonly #device: Device;
  #threads: number;
  readonly #sessions = new Map<string, Session>();
  readonly #memory = new Map<string, RuntimeTensor>();
  #turn: Promise<void> = Promise.resolve();

  private constructor(runtime: Runtime, threads: number, device: Device) {
    this.#runtime = runtime;
    this.#device = device;
    this.#threads = threads;
  }

  /**
   * Loads ONNX Runtime and opens a model on the device to test it.
   *
   * @param threads threads per operator on the CPU
   * @throws FlwrError "failed-precondition" when ONNX Runtime cannot be loaded or the device cannot be used
   */
  static async create(threads: number, device: Device = "cpu"): Promise<LocalEngine> {
    const runtime = await loadRuntime();
    await openProbe(runtime, device);
    return new LocalEngine(runtime, threads, device);
  }

  useThreads(threads: number): Promise<void> {
    return this.#inTurn(async () => {
      if (threads === this.#threads) return;
      for (const key of [...this.#sessions.keys()]) await this.#close(key);
      this.#threads = threads;
    });
  }

  load(key: string, model: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      await this.#close(key);
      const options = sessionOptions(this.#threads, this.#device);
      try {
        this.#sessions.set(key, await this.#runtime.InferenceSession.create(model, options));
      } catch (error) {
        throw openError(error);
      }
    });
  }

  unload(key: string): Promise<void> {
    return this.#inTurn(() => this.#close(key));
  }

  write(tensors: readonly NamedTensor[]): Promise<void> {
    return this.#inTurn(() => {
      for (const [name, value] of tensors) this.#memory.set(name, toRuntime(this.#runtime, value));
    });
  }

  forget(names: readonly string[]): Promise<void> {
    return this.#inTurn(() => {
      for (const name of names) this.#memory.delete(name);
    });
  }

  read(names: readonly string[]): Promise<Tensor[]> {
    return this.#inTurn(() => names.map((name) => fromRuntime(this.#stored(name))));
  }

  run({ model, stored, given, kept, returned }: Run): Promise<RunResult> {
    return this.#inTurn(async () => {
      const session = this.#sessions.get(model);
      if (session === undefined) throw new FlwrError("internal", `No model is open as "${model}"`);
      const feeds: Record<string, RuntimeTensor> = {};
      for (const [input, name] of stored) feeds[input] = this.#stored(name);
      for (const [input, value] of given) feeds[input] = toRuntime(this.#runtime, value);
      const start = performance.now();
      const fetched = [...kept.map(([output]) => output), ...returned];
      const results = await session.run(feeds, fetched).catch((error) => {
        throw runError(error);
      });
      for (const [output, name] of kept) this.#memory.set(name, feedable(results[output]!));
      const seconds = (performance.now() - start) / 1000;
      return { returned: returned.map((output) => fromRuntime(results[output]!)), seconds };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#inTurn(async () => {
      this.#memory.clear();
      for (const key of [...this.#sessions.keys()]) await this.#close(key);
    });
  }

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.then(() => {}, () => {});
    return result;
  }

  async #close(key: string): Promise<void> {
    const session = this.#sessions.get(key);
    this.#sessions.delete(key);
    await session?.release();
  }

  #stored(name: string): RuntimeTensor {
    const value = this.#memory.get(name);
    if (value === undefined) throw new FlwrError("internal", `No tensor is stored as "${name}"`);
    return value;
  }
}
