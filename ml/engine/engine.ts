import type { Tensor } from "../../tensor/tensor.ts";
import type { Device } from "./device.ts";

/** A tensor with its name in a model or in the engine's memory. */
export type NamedTensor = readonly [name: string, tensor: Tensor];

/** One run of a model: where its inputs come from and where its outputs go. */
export interface Run {
  /** The key under which the model was loaded. */
  readonly model: string;
  /** Inputs that are read from the memory: name in the model, name in the memory. */
  readonly stored: readonly (readonly [input: string, memory: string])[];
  /** Inputs that the caller passes. */
  readonly given: readonly NamedTensor[];
  /** Outputs that are stored in the memory: name in the model, name in the memory. */
  readonly kept: readonly (readonly [output: string, memory: string])[];
  /** Names of the outputs to return. */
  readonly returned: readonly string[];
}

/** The result of a run. */
export interface RunResult {
  /** The returned outputs, in the order in which they were named. */
  readonly returned: readonly Tensor[];
  /** Computing time in seconds, without the time spent waiting in a queue. */
  readonly seconds: number;
}

/**
 * A small machine with models under keys and tensors under names. A run reads tensors from the memory and stores
 * results there, so weights and data stay in place from call to call. Calls take effect in the order in which they are
 * made, even if the caller does not wait for the previous one.
 */
export interface Engine extends AsyncDisposable {
  /** Sets the number of threads. Models that were opened with another number are closed. */
  useThreads(threads: number): Promise<void>;
  /** Opens a model under a key, and closes any model that was open under it. */
  load(key: string, model: Uint8Array): Promise<void>;
  /** Closes a model. */
  unload(key: string): Promise<void>;
  /** Puts tensors into the memory. */
  write(tensors: readonly NamedTensor[]): Promise<void>;
  /** Removes tensors from the memory. */
  forget(names: readonly string[]): Promise<void>;
  /** Reads tensors from the memory. */
  read(names: readonly string[]): Promise<Tensor[]>;
  /** Runs a model once. */
  run(run: Run): Promise<RunResult>;
}

/** The resources of an engine. */
export interface EngineCompute {
  /** Threads per operator on the CPU, until `useThreads` changes the number. */
  readonly threads: number;
  readonly device: Device;
}

/** Starts an engine. */
export type StartEngine = (compute: EngineCompute) => Promise<Engine>;
