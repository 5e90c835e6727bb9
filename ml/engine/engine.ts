import type { Tensor } from "../../tensor/tensor.ts";
import type { Device } from "./device.ts";

/** A tensor with the name it has in a model or in the memory. */
export type NamedTensor = readonly [name: string, tensor: Tensor];

/** One run of a model: where its inputs come from and its outputs go to. */
export interface Run {
  /** The key that the model was loaded under. */
  readonly model: string;
  /** Inputs that lie in the memory: name in the model, name in the memory. */
  readonly stored: readonly (readonly [input: string, memory: string])[];
  /** Inputs that are given. */
  readonly given: readonly NamedTensor[];
  /** Outputs that stay in the memory: name in the model, name in the memory. */
  readonly kept: readonly (readonly [output: string, memory: string])[];
  /** Outputs that are returned. */
  readonly returned: readonly string[];
}

/** What a run came to. */
export interface RunResult {
  /** The outputs that are returned, in the order they were named. */
  readonly returned: readonly Tensor[];
  /** How long it took to compute, without the wait for its turn and for whoever asked. */
  readonly seconds: number;
}

/**
 * A small machine: models under keys and tensors under names. A run takes tensors from the memory and puts results
 * back, so that weights and data stay where they are from call to call. Calls take effect in the order they are made,
 * also when nobody waits for the one before.
 */
export interface Engine extends AsyncDisposable {
  /** Sets how many threads compute; models that were opened with another number are closed. */
  useThreads(threads: number): Promise<void>;
  /** Opens a model under a key; one that is open under it is closed. */
  load(key: string, model: Uint8Array): Promise<void>;
  /** Closes a model. */
  unload(key: string): Promise<void>;
  /** Puts tensors into the memory. */
  write(tensors: readonly NamedTensor[]): Promise<void>;
  /** Removes tensors from the memory. */
  forget(names: readonly string[]): Promise<void>;
  /** Reads tensors out of the memory. */
  read(names: readonly string[]): Promise<Tensor[]>;
  /** Runs a model once. */
  run(run: Run): Promise<RunResult>;
}

/** What an engine computes with. */
export interface EngineCompute {
  /** Threads per operator on the CPU, until `useThreads` says otherwise. */
  readonly threads: number;
  readonly device: Device;
}

/** Starts what computes for a model. */
export type StartEngine = (compute: EngineCompute) => Promise<Engine>;
